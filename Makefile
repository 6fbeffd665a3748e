# What people type. Meson builds; the scripts in tools/ do the rest.
#
#   make          the programs, in build/bin/
#   make demo     a tour: a zone, twelve simulated devices, and what to try next (make demo-stop ends it)
#   make test     every test; installs what it needs
#   make check    the quick tests only
#   make nightly  random simulations, seed after seed, for NIGHTLY_MINUTES (default 480)
#   make fuzz     each fuzz target for FUZZ_SECONDS (default 300)
#   make bench    the short benchmarks beside their peers (make bench-full: all)
#   make format   clang-format over our sources

PROGRAMS = lampd lamp amtsim
FUZZ_SECONDS ?= 300
NIGHTLY_MINUTES ?= 480

.PHONY: all setup demo demo-stop test check nightly fuzz bench bench-full format install clean

all: setup build/build.ninja
	@ninja -C build
	@mkdir -p build/bin
	@for p in $(PROGRAMS); do f=$$(ls build/src/$$p/$$p build/sim/$$p 2>/dev/null | head -n 1); [ -z "$$f" ] || ln -sf "../$${f#build/}" build/bin/$$p; done
	@ln -sf lamp build/bin/zman

setup:
	@tools/packages build

build/build.ninja:
	@meson setup build -Dtests=false -Dbuildtype=release -Dwerror=true >build-setup.log 2>&1 \
		|| { cat build-setup.log; rm -rf build build-setup.log; exit 1; }
	@rm -f build-setup.log

demo: all
	@tools/demo

demo-stop:
	@tools/demo stop

test:
	@tools/packages build test
	@tools/run-tests all

check:
	@tools/packages build test
	@tools/run-tests quick

nightly:
	@tools/packages build test
	@[ -f build-nightly/build.ninja ] || meson setup build-nightly -Dwerror=true -Db_sanitize=address,undefined >/dev/null
	@ninja -C build-nightly >/dev/null
	@tools/run-nightly --build build-nightly --minutes $(NIGHTLY_MINUTES)

fuzz:
	@tools/packages build test
	@tools/run-fuzz $(FUZZ_SECONDS)

bench: all
	@tools/packages build test
	@bench/run --short

bench-full: all
	@tools/packages build test
	@bench/run

format:
	@git ls-files '*.c' '*.h' | grep -v '\.tbl\.h$$' | xargs clang-format -i

install: all
	@meson install -C build

clean:
	rm -rf build build-*
