/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/postgres/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static char problem[512];

const char *pg_problem(void)
{
	return problem;
}

void pg_set_problem(const char *format, ...)
{
	char text[sizeof(problem)];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* cut */
	va_end(arguments);
	text[strcspn(text, "\n")] = '\0';
	(void)text_clean(problem, sizeof(problem), text); /* cut */
}

void pg_take_problem(const char *message)
{
	static const char *const heads[] = {"ERROR:  ", "FATAL:  "};

	for (size_t i = 0; i < 2; i++)
		if (!strncmp(message, heads[i], strlen(heads[i])))
			message += strlen(heads[i]);
	pg_set_problem("%s", message);
}

/* https://www.postgresql.org/docs/15/errcodes-appendix.html */
int pg_error_of(const char *state)
{
	static const struct {
		const char *state;
		int error;
	} rows[] = {{"08", -EHOSTUNREACH}, {"57P", -EHOSTUNREACH}, {"53300", -EHOSTUNREACH},
		{"40001", -EDEADLK}, {"40P01", -EDEADLK}, {"55P03", -ETIMEDOUT},
		{"57014", -ETIMEDOUT}, {"25P0", -EHOSTUNREACH}, {"53100", -ENOSPC},
		{"53200", -ENOMEM}, {"23505", -EEXIST}, {"25006", -EROFS}, {"28", -EACCES},
		{"42501", -EACCES}, {"3D000", -ENOENT}, {"42", -EBADMSG}, {"22", -EBADMSG},
		{"XX", -EBADMSG}};

	for (size_t i = 0; state && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strncmp(state, rows[i].state, strlen(rows[i].state)))
			return rows[i].error;
	return -EIO;
}

int pg_refine_error(int r)
{
	if (r == -EHOSTUNREACH &&
		(strstr(problem, "authentication failed") ||
			strstr(problem, "no pg_hba.conf entry") ||
			strstr(problem, "no password supplied") ||
			(strstr(problem, "role \"") && strstr(problem, "does not exist"))))
		return -EACCES;
	if (r == -EHOSTUNREACH && strstr(problem, "database \"") &&
		strstr(problem, "does not exist"))
		return -ENOENT;
	return r;
}
