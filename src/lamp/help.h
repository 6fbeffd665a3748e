/* help.h - usage, made of the rows of codec/api.tbl.h. */
#ifndef LAMP_HELP_H
#define LAMP_HELP_H

struct api_command;

void help_all(void);
void help_noun(const char *noun); /* every command of this noun */
void help_command(const struct api_command *c);

#endif
