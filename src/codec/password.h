/* password.h - the rule that AMT firmware has for passwords (mission row M17; Intel AMT Developers Guide, "Basic
 * concepts"): 8 to 32 characters of printable ASCII with an upper case letter, a lower case letter, a digit and a
 * special character; no colon, comma or double quote; underscore counts as none of the four. Pure; any thread. */
#ifndef CODEC_PASSWORD_H
#define CODEC_PASSWORD_H

#include "base/secret.h"

struct err;

#define PASSWORD_LEN_MIN 8
#define PASSWORD_LEN_MAX 32

/* 0, or ERR_PASSWORD_RULE with everything that is missing or wrong in one sentence. Quotes nothing of the password. */
int password_check(struct bytes password, struct err *e);

#define PASSWORD_MADE_LEN 24

/* A password that the rule takes, of about 145 bits, without characters that are taken for others (0 O 1 l I) or that
 * lie elsewhere on many keyboards. random fills memory with chance: rng_secret. */
void password_make(void (*random)(void *to, size_t len), struct secret *ret);

#endif
