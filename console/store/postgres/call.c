/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters and rows, in binary: https://www.postgresql.org/docs/15/libpq-exec.html */
#include "console/store/postgres/call.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

bool pg_is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		unsigned int more = *at < 0x80	  ? 0
				    : *at < 0xc2  ? 4
				    : *at < 0xe0  ? 1
				    : *at < 0xf0  ? 2
				    : *at <= 0xf4 ? 3
						  : 4;
		unsigned char first = *at++;

		if (more == 4 || (first == 0xe0 && *at < 0xa0) || (first == 0xed && *at > 0x9f) ||
			(first == 0xf0 && *at < 0x90) || (first == 0xf4 && *at > 0x8f))
			return false;
		while (more-- > 0)
			if ((*at++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

static int slot(struct pg_call *call, char type)
{
	const char *types = postgres_statements[call->which].types;

	if (call->count >= POSTGRES_PARAMETERS_MAX || types[call->count] != type)
		abort(); /* a statement that is asked otherwise than it is declared */
	return call->count++;
}

void pg_int(struct pg_call *call, int64_t value)
{
	int i = slot(call, 'i');

	call->numbers[i] = htobe64((uint64_t)value);
	call->lengths[i] = sizeof(call->numbers[i]);
}

void pg_text(struct pg_call *call, const char *text)
{
	int i = slot(call, 't');
	size_t size = strlen(text);

	if (!pg_is_utf8(text)) {
		call->cleaned[i] = malloc(size + 4);
		if (!call->cleaned[i]) {
			call->error = -ENOMEM;
			return;
		}
		(void)text_clean(call->cleaned[i], size + 4, text); /* nothing is cut */
		text = call->cleaned[i];
		size = strlen(text);
	}
	call->values[i] = text;
	call->lengths[i] = (int)size;
}

void pg_blob(struct pg_call *call, const void *blob, size_t size)
{
	int i = slot(call, 'b');

	call->values[i] = size ? blob : "";
	call->lengths[i] = (int)size;
	if (size > INT32_MAX)
		call->error = -EMSGSIZE;
}

int pg_run(struct pg_call *call, struct pg_rows *ret_rows)
{
	const char *types = postgres_statements[call->which].types;
	struct pg_question question = {call->which, call->count, call->values, call->lengths, NULL};
	int formats[POSTGRES_PARAMETERS_MAX];
	PGresult *result = NULL;
	int r = call->error;

	if (types[call->count])
		abort(); /* as above */
	for (int i = 0; i < call->count; i++) {
		formats[i] = 1; /* binary */
		if (types[i] == 'i')
			call->values[i] = (const char *)&call->numbers[i];
	}
	question.formats = formats;
	if (r == 0)
		r = pg_connection_query(call->connection, &question, &result);
	for (int i = 0; i < call->count; i++)
		free(call->cleaned[i]);
	if (r < 0)
		return r;
	*ret_rows = (struct pg_rows){.result = result};
	ret_rows->count = PQresultStatus(result) == PGRES_TUPLES_OK ? PQntuples(result)
								    : atoi(PQcmdTuples(result));
	return 0;
}

void pg_rows_done(struct pg_rows *rows)
{
	PQclear(rows->result);
	rows->result = NULL;
}

static const void *cell(struct pg_rows *rows, int row, int column, size_t *ret_size)
{
	if (row >= PQntuples(rows->result) || column >= PQnfields(rows->result) ||
		PQgetisnull(rows->result, row, column)) {
		rows->is_bad = true;
		*ret_size = 0;
		return "";
	}
	*ret_size = (size_t)PQgetlength(rows->result, row, column);
	return PQgetvalue(rows->result, row, column);
}

int64_t pg_get_int(struct pg_rows *rows, int row, int column)
{
	size_t size;
	const void *at = cell(rows, row, column, &size);
	uint64_t wide;
	uint32_t middle;
	uint16_t narrow;

	switch (size) {
	case sizeof(wide):
		memcpy(&wide, at, sizeof(wide));
		return (int64_t)be64toh(wide);
	case sizeof(middle):
		memcpy(&middle, at, sizeof(middle));
		return (int32_t)be32toh(middle);
	case sizeof(narrow):
		memcpy(&narrow, at, sizeof(narrow));
		return (int16_t)be16toh(narrow);
	default:
		rows->is_bad = true;
		return 0;
	}
}

void pg_get_text(struct pg_rows *rows, int row, int column, char *ret_text, size_t size)
{
	size_t length;
	const void *at = cell(rows, row, column, &length);

	if (length >= size)
		length = size - 1; /* cut, as SQLite's are */
	memcpy(ret_text, at, length);
	ret_text[length] = '\0';
}

void pg_get_blob(struct pg_rows *rows, int row, int column, void *ret_blob, size_t size)
{
	size_t length;
	const void *at = cell(rows, row, column, &length);

	if (length == size) {
		memcpy(ret_blob, at, size);
		return;
	}
	rows->is_bad = true;
	memset(ret_blob, 0, size);
}

const void *pg_get_bytes(struct pg_rows *rows, int row, int column, size_t *ret_size)
{
	return cell(rows, row, column, ret_size);
}

int pg_rows_check(const struct pg_rows *rows)
{
	return rows->is_bad ? -EBADMSG : 0;
}

int pg_rows_count(int r, const struct pg_rows *rows, unsigned int most)
{
	if (r == 0)
		r = pg_rows_check(rows);
	if (r < 0)
		return r;
	return (unsigned int)rows->count > most ? (int)most : rows->count;
}
