/* fuzz.h - what every fuzz target declares. A target feeds one parser of a stranger's bytes and asserts what must hold
 * of what it took. With -Dfuzz=true (clang) fuzz/fuzz_<name> is a libFuzzer program; the plain tests always replay
 * fuzz/seeds/<name>/, in which every input that once broke something stays. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
