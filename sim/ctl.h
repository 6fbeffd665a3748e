/* ctl.h - "amtsim ctl": turns its arguments into one request to a running amtsim and prints the answer. */
#ifndef SIM_CTL_H
#define SIM_CTL_H

#include <stdio.h>

/* argv[0] is "ctl". Returns the exit code: 0 done, 1 refused, 2 usage, 3 nobody answers at the socket. */
int ctl_main(int argc, char **argv);
void ctl_help(FILE *to);

#endif
