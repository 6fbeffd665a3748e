/* banned.h - forced into every file of ours by the build: calls that have cost others dearly do not compile. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok

#define BANNED(name)     sorry_##name##_is_banned()
#define strcpy(a, b)     BANNED(strcpy)
#define strcat(a, b)     BANNED(strcat)
#define strncpy(a, b, n) BANNED(strncpy)
#define strncat(a, b, n) BANNED(strncat)
#define sprintf(...)     BANNED(sprintf)
#define vsprintf(...)    BANNED(vsprintf)
#define strtok(a, b)     BANNED(strtok)
#define atoi(a)          BANNED(atoi)
#define atol(a)          BANNED(atol)
#define atoll(a)         BANNED(atoll)
#define gmtime(a)        BANNED(gmtime)
#define localtime(a)     BANNED(localtime)
#define asctime(a)       BANNED(asctime)
#define rand()           BANNED(rand)
#define srand(a)         BANNED(srand)

#endif
