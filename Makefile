# The front door. Meson and ninja do the work; every target sets up what it needs first.
#
#   make demo      set up, build, obtain the model, print the most similar sentences
#   make test      set up, build, run every test
#   make           build the program: build/cloze
#   make install   PREFIX=/usr/local DESTDIR=
#   make bench     kernels and model against the machine's peak
#   make check-asan check-tsan check-neon fuzz

PREFIX ?= /usr/local
MODEL  ?= sentence-transformers/all-MiniLM-L6-v2

all: build
	@tools/build.sh build

demo: build
	@NINJA_TARGETS=cloze tools/build.sh build
	@tools/demo.sh build/cloze $(MODEL)

test: build
	@tools/build.sh build
	@tools/run_tests.sh build

bench: all
	@tools/bench.sh build

install: all
	@DESTDIR="$(DESTDIR)" tools/install.sh build

# Address and undefined-behaviour sanitizers over the whole test run, and the fuzz replays. Their
# checks in the code make GCC warn of what cannot happen, so warnings are errors only elsewhere.
check-asan:
	@tools/setup.sh tests
	@tools/configure.sh build-asan --prefix=/usr/local -Dbuildtype=debugoptimized \
	    -Dwerror=false -Db_sanitize=address,undefined
	@tools/build.sh build-asan
	@tools/run_tests.sh build-asan

# Thread sanitizer over the tests that use threads.
check-tsan:
	@tools/setup.sh tests
	@tools/configure.sh build-tsan --prefix=/usr/local -Dbuildtype=debugoptimized \
	    -Dwerror=false -Db_sanitize=thread -Db_lundef=false
	@tools/build.sh build-tsan
	@tools/run_tests.sh build-tsan --suite threads

# The arm64 kernels under emulation: the same bits as the scalar build.
check-neon:
	@tools/setup.sh neon
	@tools/check_neon.sh build

# Coverage-guided fuzzing, SECONDS a target.
SECONDS ?= 60
fuzz:
	@tools/setup.sh fuzz
	@tools/fuzz.sh build-fuzz $(SECONDS)

build: FORCE
	@tools/setup.sh tests
	@tools/configure.sh build --prefix=$(PREFIX)

format:
	clang-format -i $$(git ls-files '*.c' '*.h' '*.js')

clean:
	rm -rf build build-asan build-tsan build-fuzz

FORCE:
.PHONY: all demo test bench install check-asan check-tsan check-neon fuzz format clean FORCE
