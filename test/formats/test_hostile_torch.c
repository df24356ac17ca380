/*
 * test_hostile_torch.c - a corpus of hostile checkpoints, made here: zip files that two readers would
 * understand differently, pickles that want to run something, tensors that lie about their storage.
 * Each is refused with a line that says why; the honest one beside them opens.
 *
 * Sources: the public bypasses of torch's weights_only and of picklescan (CVE-2025-32434,
 * CVE-2026-24747, CVE-2025-62164, CVE-2025-1716, -1889, -1944, -1945, -10155 to -10157).
 */
#include "formats/torch.h"

#include "zip_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char weights[16] = { 0, 0, (char)0x80, 0x3f };

/* {name: a tensor}: what stands for its parts in the pickle. */
typedef struct tensor_text {
    const char *name;
    const char *rebuild; /* "module\nname\n" */
    const char *storage; /* the type's name */
    const char *key, *word;
    const char *offset, *elements, *shape, *stride; /* opcodes */
    size_t offset_size, elements_size, shape_size, stride_size;
    const char *hooks;
} tensor_text;

static const tensor_text honest = { .name = "w",
                                    .rebuild = "torch._utils\n_rebuild_tensor_v2\n",
                                    .storage = "FloatStorage",
                                    .key = "0",
                                    .word = "storage",
                                    .offset = "K\0",
                                    .offset_size = 2,
                                    .elements = "K\4",
                                    .elements_size = 2,
                                    .shape = "K\2K\2\206",
                                    .shape_size = 5,
                                    .stride = "K\2K\1\206",
                                    .stride_size = 5,
                                    .hooks = "ccollections\nOrderedDict\n)R" };

static size_t put_text(char *out, const char *text)
{
    size_t size = strlen(text);
    out[0] = 'X';
    out[1] = (char)size;
    out[2] = out[3] = out[4] = 0;
    memcpy(out + 5, text, size);
    return size + 5;
}

static size_t put(char *out, const char *codes, size_t size)
{
    memcpy(out, codes, size);
    return size;
}

static size_t write_pickle(char *out, const tensor_text *t)
{
    size_t used = put(out, "\200\2}", 3);
    used += put_text(out + used, t->name);
    used += (size_t)sprintf(out + used, "c%s((", t->rebuild);
    used += put_text(out + used, t->word);
    used += (size_t)sprintf(out + used, "ctorch\n%s\n", t->storage);
    used += put_text(out + used, t->key);
    used += put_text(out + used, "cpu");
    used += put(out + used, t->elements, t->elements_size);
    used += put(out + used, "tQ", 2);
    used += put(out + used, t->offset, t->offset_size);
    used += put(out + used, t->shape, t->shape_size);
    used += put(out + used, t->stride, t->stride_size);
    used += (size_t)sprintf(out + used, "\211%s", t->hooks);
    return used + put(out + used, "tRs.", 4);
}

static cloze_status read_zip(const zip_entry *entries, size_t count, const zip_end *end,
                             cz_header *header, cloze_error *error)
{
    size_t size;
    char *data = make_zip(entries, count, end, &size);
    cloze_status status = cz_torch_read(header, data, size, NULL, error);
    free(data);
    return status;
}

static void refuse_zip(const zip_entry *entries, size_t count, const zip_end *end, const char *says)
{
    cz_header header = { 0 };
    cloze_error error = { CLOZE_OK, 0, "" };
    cloze_status status = read_zip(entries, count, end, &header, &error);
    if (!status || status == CLOZE_ERROR_MEMORY || !strstr(error.message, says))
        fail_msg("status %d, \"%s\", expected \"%s\"", (int)status, error.message, says);
    assert_null(header.tensors);
}

typedef struct honest_zip {
    zip_entry entries[4];
    char pickle[512];
} honest_zip;

/* data.pkl, data/0, version. */
static void make_honest(honest_zip *zip, const tensor_text *tensor)
{
    size_t size = write_pickle(zip->pickle, tensor);
    memset(zip->entries, 0, sizeof zip->entries);
    zip->entries[0] = (zip_entry){ .name = "a/data.pkl", .data = zip->pickle, .size = size };
    zip->entries[1] = (zip_entry){ .name = "a/data/0", .data = weights, .size = sizeof weights };
    zip->entries[2] = (zip_entry){ .name = "a/version", .data = "3\n", .size = 2 };
    zip->entries[3] = (zip_entry){ .name = "a/more", .data = "x", .size = 1 };
}

static void an_honest_file_opens(void **state)
{
    honest_zip zip;
    cz_header header = { 0 };
    cloze_error error = { CLOZE_OK, 0, "" };
    (void)state;
    make_honest(&zip, &honest);
    if (read_zip(zip.entries, 3, NULL, &header, &error))
        fail_msg("%s", error.message);
    assert_int_equal(header.count, 1);
    assert_string_equal(header.tensors[0].name, "w");
    cz_header_clear(&header, NULL);
    zip.entries[1].streamed = true;
    zip.entries[2].wide = true;
    if (read_zip(zip.entries, 4, NULL, &header, &error))
        fail_msg("%s", error.message);
    cz_header_clear(&header, NULL);
}

#define WITH(number, field, value, says)                                                           \
    do {                                                                                           \
        make_honest(&zip, &honest);                                                                \
        zip.entries[number].field = value;                                                         \
        refuse_zip(zip.entries, 3, NULL, says);                                                    \
    } while (0)

static void the_two_records_of_an_entry_must_agree(void **state)
{
    honest_zip zip;
    (void)state;
    WITH(1, local_name, "a/data/1", "differ");
    WITH(0, local_name, "a/data.pkk", "differ");
    WITH(1, crc, 1, "differ");
    WITH(1, packed, 1, "zip:");
    WITH(1, whole, 1, "zip:");
    WITH(1, local_packed, 1, "differ");
    WITH(1, local_whole, 1, "differ");
    WITH(1, local_flags, 2048, "differ");
    WITH(1, local_method, 8, "differ");
}

static void checksums_are_held_against_the_bytes(void **state)
{
    honest_zip zip;
    (void)state;
    WITH(1, both_crc, 1, "checksum");
    WITH(0, both_crc, 1, "checksum");
    WITH(2, both_crc, 1, "checksum"); /* of what no tensor lies in */
}

static void what_is_packed_or_encrypted_is_refused(void **state)
{
    honest_zip zip;
    (void)state;
    WITH(1, method, 8, "packed");
    WITH(0, method, 8, "packed");
    WITH(1, method, 12, "packing");
    WITH(1, flags, 1, "encrypted");
    WITH(0, flags, 1, "encrypted");
    WITH(1, flags, 64, "flags");
    WITH(1, flags, 8192, "flags");
}

static void sizes_behind_an_entry_must_agree(void **state)
{
    honest_zip zip;
    (void)state;
    make_honest(&zip, &honest);
    zip.entries[1].streamed = true;
    zip.entries[1].streamed_size = 1;
    refuse_zip(zip.entries, 3, NULL, "behind an entry");
    zip.entries[1].streamed_size = 0;
    zip.entries[1].streamed_crc = 1;
    refuse_zip(zip.entries, 3, NULL, "behind an entry");
}

static void wide_sizes_must_be_true(void **state)
{
    static const uint64_t lies[] = { 1, UINT64_MAX - 15, UINT64_MAX / 2, 0xffffffff };
    honest_zip zip;
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        make_honest(&zip, &honest);
        zip.entries[1].wide = true;
        zip.entries[1].wide_size = lies[i];
        refuse_zip(zip.entries, 3, NULL, "zip:");
    }
}

static void entries_neither_overlap_nor_hide(void **state)
{
    honest_zip zip;
    (void)state;
    WITH(1, hole, 1, "zip:");
    WITH(0, hole, 5, "neither torch's");
    WITH(2, hidden, true, "zip:");
    WITH(1, offset, 1, "zip:");
    WITH(1, offset, (uint32_t)-40, "zip:");
    make_honest(&zip, &honest);
    refuse_zip(zip.entries, 3, &(zip_end){ .hole = 3 }, "zip:");
    refuse_zip(zip.entries, 3, &(zip_end){ .after = 1 }, "zip:");
    refuse_zip(zip.entries, 3, &(zip_end){ .comment = "PK\5\6" }, "zip:");
    refuse_zip(zip.entries, 3, &(zip_end){ .disk = 1 }, "disks");
    refuse_zip(zip.entries, 3, &(zip_end){ .count = 1 }, "zip:");
    refuse_zip(zip.entries, 3, &(zip_end){ .count = (uint16_t)-1 }, "zip:");
    refuse_zip(zip.entries, 3, &(zip_end){ .count = 60000 }, "more entries");
    refuse_zip(zip.entries, 3, &(zip_end){ .begin = 1 }, "zip:");
    refuse_zip(zip.entries, 3, &(zip_end){ .bytes = 0x7fffffff }, "zip:");
}

static void names_stay_below_the_archive(void **state)
{
    static const char *const names[] = { "a/../b", "/a/b", "a//b", "a/./b", "../a",    "a\\b/c",
                                         "a/b\nc", "a/..", "a/",   ".",     "a/b\x7f", "" };
    honest_zip zip;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        WITH(2, name, names[i], "plain path");
    WITH(2, name, "b/version", "one folder");
    WITH(2, name, "version", "one folder");
    WITH(2, name, "a/data/0", "same name");
    WITH(2, name, "a/data.pkl", "same name");
    WITH(0, name, "a/dato.pkl", "no data.pkl");
}

static void other_machines_and_programs_are_refused(void **state)
{
    honest_zip zip;
    (void)state;
    make_honest(&zip, &honest);
    zip.entries[2] = (zip_entry){ .name = "a/byteorder", .data = "big", .size = 3 };
    refuse_zip(zip.entries, 3, NULL, "little-endian");
    make_honest(&zip, &honest);
    zip.entries[2] = (zip_entry){ .name = "a/constants.pkl", .data = "\200\2).", .size = 4 };
    refuse_zip(zip.entries, 3, NULL, "TorchScript");
}

static void refuse_tensor(const tensor_text *tensor, const char *says)
{
    honest_zip zip;
    make_honest(&zip, tensor);
    refuse_zip(zip.entries, 3, NULL, says);
}

/* The honest tensor with these changes. */
#define REFUSE(says, ...)                                                                          \
    do {                                                                                           \
        tensor_text changed = honest;                                                              \
        __VA_ARGS__;                                                                               \
        refuse_tensor(&changed, says);                                                             \
    } while (0)
#define CODES(field, text) changed.field = text, changed.field##_size = sizeof(text) - 1

static void tensors_stay_inside_their_storage(void **state)
{
    (void)state;
    REFUSE("beyond", CODES(offset, "K\1"));
    REFUSE("beyond", CODES(offset, "J\377\377\377\377"));
    REFUSE("beyond", CODES(offset, "\212\10\377\377\377\377\377\377\377\177"));
    REFUSE("8 bytes", CODES(offset, "\212\11\1\0\0\0\0\0\0\0\0"));
    REFUSE("beyond", CODES(shape, "K\2K\3\206"));
    REFUSE("beyond", CODES(stride, "K\1K\3\206"));
    REFUSE("several times", CODES(stride, "K\0K\1\206"), CODES(shape, "K\77K\4\206"));
    REFUSE("0 or more", CODES(stride, "J\377\377\377\377K\1\206"));
    REFUSE("0 or more", CODES(shape, "J\377\377\377\377K\1\206"));
    REFUSE("too many", CODES(shape, "\212\10\0\0\0\0\0\0\0\100K\10\206"),
           CODES(stride, "K\10K\1\206"));
    REFUSE("too many", CODES(shape, "\212\10\0\0\0\0\0\0\0\100K\10K\0\207"),
           CODES(stride, "K\0K\0K\1\207"));
    REFUSE("no shape", CODES(shape, "K\2\205"));
    REFUSE("no shape", CODES(shape, "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t"),
           CODES(stride, "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t"));
    REFUSE("0 or more", CODES(shape, "X\1\0\0\0aK\2\206"));
    REFUSE("REDUCE", CODES(shape, "K\2"));
}

/* Bytes that are no text would make two names one when they are written. */
static void names_are_utf8(void **state)
{
    static const char *const names[] = { "\xff", "w\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                                         "\xc0\x80" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        REFUSE("no name", changed.name = names[i]);
}

static void storages_are_what_the_archive_holds(void **state)
{
    (void)state;
    REFUSE("another size", CODES(elements, "K\5"));
    REFUSE("another size", CODES(elements, "K\3"));
    REFUSE("another size", CODES(elements, "J\377\377\377\377"));
    REFUSE("another size", CODES(elements, "\212\10\4\0\0\0\0\0\0\100"));
    REFUSE("another size", changed.storage = "DoubleStorage");
    REFUSE("missing", changed.key = "7");
    REFUSE("missing", changed.key = "../version");
    REFUSE("missing", changed.key = "");
    REFUSE("storage", changed.word = "module");
    REFUSE("UntypedStorage", changed.storage = "UntypedStorage");
    REFUSE("QInt8Storage", changed.storage = "QInt8Storage");
    REFUSE("Complex", changed.storage = "ComplexFloatStorage");
}

static void only_the_plain_way_of_making_tensors_is_known(void **state)
{
    static const char *const others[] = { "_rebuild_sparse_tensor",
                                          "_rebuild_sparse_csr_tensor",
                                          "_rebuild_qtensor",
                                          "_rebuild_meta_tensor_no_storage",
                                          "_rebuild_wrapper_subclass",
                                          "_rebuild_device_tensor_from_numpy",
                                          "_rebuild_parameter_with_state",
                                          "_rebuild_nested_tensor",
                                          "_rebuild_tensor",
                                          "_import_dotted_name",
                                          "_rebuild_tensor_v2 " };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char name[80];
        snprintf(name, sizeof name, "torch._utils\n%s\n", others[i]);
        REFUSE(others[i], changed.rebuild = name);
    }
    REFUSE("REDUCE", changed.hooks = "N");
}

/* Callables by which scanners with a list of what is forbidden were passed. */
static void no_callable_is_looked_up(void **state)
{
    static const char *const callables[] = { "os\nsystem",
                                             "posix\nsystem",
                                             "nt\nsystem",
                                             "subprocess\nPopen",
                                             "builtins\nexec",
                                             "builtins\ngetattr",
                                             "__builtin__\neval",
                                             "builtins\n__import__",
                                             "runpy\n_run_code",
                                             "pip\nmain",
                                             "pip._internal.cli.main\nmain",
                                             "asyncio.unix_events\n_UnixSubprocessTransport",
                                             "timeit\ntimeit",
                                             "cProfile\nrun",
                                             "pty\nspawn",
                                             "code\nInteractiveInterpreter",
                                             "functools\npartial",
                                             "operator\nattrgetter",
                                             "types\nFunctionType",
                                             "marshal\nloads",
                                             "torch.jit.unsupported_tensor_ops\nexecWrapper",
                                             "torch.utils._config_module\nload_config",
                                             "torch._dynamo.guards\nGuardBuilder.get",
                                             "torch.fx.experimental.symbolic_shapes\neval",
                                             "torch.utils.collect_env\nrun",
                                             "torch.hub\nload",
                                             "torch\nload",
                                             "torch.storage\n_load_from_bytes",
                                             "torch._inductor.codecache\ncompile_file",
                                             "numpy.testing._private.utils\nrunstring",
                                             "numpy\nload",
                                             "numpy.f2py.crackfortran\nparam_eval",
                                             "numpy.core.multiarray\n_reconstruct",
                                             "collections\nCounter",
                                             "collections\nOrderedDict.__reduce__",
                                             "collections.abc\nOrderedDict",
                                             "torch\nTensor",
                                             "torch._tensor\n_rebuild_from_type_v2",
                                             "_codecs\ndecode",
                                             "codecs\nencode",
                                             "ssl\nget_server_certificate",
                                             "webbrowser\nopen",
                                             "urllib.request\nurlopen",
                                             "httplib\nHTTPConnection",
                                             "shutil\nrmtree",
                                             "linecache\ngetline",
                                             "sys\nexit",
                                             "importlib\nimport_module",
                                             "ctypes\nCDLL",
                                             "logging.config\ndictConfig",
                                             "bdb\nBdb.run",
                                             "doctest\ndebug_script",
                                             "idlelib.pyshell\nModifiedInterpreter",
                                             "lib2to3.pgen2.grammar\nGrammar.loads",
                                             "profile\nrunctx",
                                             "trace\nTrace.run",
                                             "ensurepip\n_run_pip",
                                             "distutils.file_util\nwrite_file",
                                             "dill\nloads",
                                             "joblib\nload" };
    (void)state;
    for (size_t i = 0; i < sizeof callables / sizeof *callables; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s\n", callables[i]);
        REFUSE("Do not trust this file", changed.rebuild = name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_file_opens),
        cmocka_unit_test(the_two_records_of_an_entry_must_agree),
        cmocka_unit_test(checksums_are_held_against_the_bytes),
        cmocka_unit_test(what_is_packed_or_encrypted_is_refused),
        cmocka_unit_test(sizes_behind_an_entry_must_agree),
        cmocka_unit_test(wide_sizes_must_be_true),
        cmocka_unit_test(entries_neither_overlap_nor_hide),
        cmocka_unit_test(names_stay_below_the_archive),
        cmocka_unit_test(other_machines_and_programs_are_refused),
        cmocka_unit_test(tensors_stay_inside_their_storage),
        cmocka_unit_test(names_are_utf8),
        cmocka_unit_test(storages_are_what_the_archive_holds),
        cmocka_unit_test(only_the_plain_way_of_making_tensors_is_known),
        cmocka_unit_test(no_callable_is_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
