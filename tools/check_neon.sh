#!/bin/sh
# Compiles the kernels for arm64 and runs their cases under emulation: NEON and scalar there, and
# scalar here, must print the same bits. usage: check_neon.sh BUILD_DIR
set -eu
build=${1:-build}
compiler=${CC_ARM64:-aarch64-linux-gnu-gcc}
emulator=${EMULATOR_ARM64:-qemu-aarch64}
for tool in "$compiler" "$emulator"; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "check-neon: $tool is missing (Debian: apt install gcc-aarch64-linux-gnu qemu-user)" >&2
        exit 1
    fi
done

work=$build/neon
rm -rf "$work"
mkdir -p "$work"
flags="-std=c11 -O2 -ffp-contract=off -fno-math-errno -D_GNU_SOURCE -Iinclude -Isrc -Itest/backend"
# Those that are compiled once for each instruction set.
kernels=$(awk '/^kernel_sources/ { on = 1 } on { print } on && /\)/ { exit }' src/backend/cpu/meson.build |
    grep -o '[a-z_]*\.c')
for isa in scalar neon; do
    for name in $kernels; do
        "$compiler" $flags -DCZ_ISA=$isa "-DCZ_SIMD=\"simd_$isa.h\"" -c "src/backend/cpu/$name" \
            -o "$work/${name%.c}-$isa.o"
    done
done
# shellcheck disable=SC2046
"$compiler" $flags "-DCLOZE_VERSION=\"0\"" -static -pthread -o "$work/print_bits" \
    test/backend/print_bits.c test/backend/bits.c test/backend/room.c "$work"/*.o \
    $(for source in src/backend/cpu/*.c; do
          case " "$(echo $kernels)" " in
          *" ${source##*/} "*) ;;
          *) echo "$source" ;;
          esac
      done) \
    src/base/error.c src/base/memory.c src/base/random.c src/base/thread.c src/base/thread_posix.c src/base/utf8.c \
    src/tensor/tensor.c -lm

"$build/test/backend/print_bits" scalar > "$work/here.txt"
status=0
for isa in scalar neon; do
    "$emulator" "$work/print_bits" $isa > "$work/$isa.txt"
    if cmp -s "$work/here.txt" "$work/$isa.txt"; then
        echo "check-neon: arm64 $isa gives the same bits in $(wc -l < "$work/$isa.txt") cases"
    else
        echo "check-neon: arm64 $isa differs:" >&2
        diff "$work/here.txt" "$work/$isa.txt" >&2 || true
        status=1
    fi
done
exit $status
