# What people type. Meson and the scripts in tools/ do the work.
.PHONY: all check clean
all:
	@test -f build/build.ninja || meson setup build -Dwerror=true >/dev/null
	@ninja -C build
clean:
	rm -rf build build-*
