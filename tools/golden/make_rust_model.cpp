/*
 * make_rust_model.cpp - makes test/golden/torch/rust_model.ot (and, with a folder of .npy-free golden
 * names, nothing else): the archive that the Rust crate tch writes. These are the calls of its
 * at_save_multi (torch_api.cpp), with the same "|" for every "." in a name.
 *
 * g++ -std=c++17 make_rust_model.cpp -o make_rust_model -ltorch -ltorch_cpu -lc10   (libtorch 1.13)
 * ./make_rust_model ../../test/golden/torch/rust_model.ot
 */
#include <algorithm>
#include <string>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/torch.h>
#include <utility>
#include <vector>

int main(int count, char **arguments)
{
    torch::serialize::OutputArchive archive;
    auto whole = torch::arange(12, torch::kFloat32).reshape({ 3, 4 });
    std::vector<std::pair<std::string, torch::Tensor>> tensors = {
        { "bert.embeddings.LayerNorm.weight", torch::ones(4) },
        { "bert.embeddings.word_embeddings.weight", whole },
        { "bert.embeddings.position_ids", torch::arange(5).reshape({ 1, 5 }) },
        { "cls.half", whole[0].to(torch::kHalf) },
        { "cls.predictions.decoder.weight", whole },
        { "scalar", torch::tensor(7.0, torch::kFloat64) },
    };
    if (count != 2)
        return 1;
    for (auto &[name, tensor] : tensors) {
        std::replace(name.begin(), name.end(), '.', '|');
        archive.write(name, tensor, /*is_buffer=*/false);
    }
    archive.save_to(arguments[1]);
}
