/* Prints every migration and every statement as JSON, one a line: {"kind":"migration"|"statement","name":..,"sql":..}
 */
#include <stdio.h>

#include "store/db.h"
#include "store/migrations.h"

static void print_text(const char *s)
{
	(void)putchar('"');
	for (; *s; s++) {
		if (*s == '\n')
			(void)fputs("\\n", stdout);
		else if (*s == '\t')
			(void)fputs("\\t", stdout);
		else if (*s == '"' || *s == '\\')
			(void)printf("\\%c", *s);
		else
			(void)putchar(*s);
	}
	(void)putchar('"');
}

static void print(const char *kind, const char *name, const char *sql)
{
	(void)printf("{\"kind\":\"%s\",\"name\":\"%s\",\"sql\":", kind, name);
	print_text(sql);
	(void)puts("}");
}

int main(void)
{
	for (size_t i = 0; i < migrations_len; i++)
		print("migration", migrations[i].name, migrations[i].script);
	for (int id = 0; id < SQL_COUNT; id++)
		print("statement", sql_name((enum sql_id)id), sql_text((enum sql_id)id));
	return 0;
}
