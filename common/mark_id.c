/* SPDX-License-Identifier: Apache-2.0 */
#include "common/mark_id.h"

#include <string.h>

#include "common/bytes.h"

static const char magic[] = "HFMARK";

#define MAGIC_SIZE (sizeof(magic) - 1)

void mark_id_write(const struct mark_id *mark, uint8_t ret_id[MARK_ID_SIZE])
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, ret_id, MARK_ID_SIZE);
	bytes_put_blob(&writer, magic, MAGIC_SIZE);
	bytes_put_u8(&writer, mark->part);
	bytes_put_u8(&writer, 0);
	bytes_put_u32(&writer, mark->uid);
	bytes_put_u32(&writer, mark->subject);
}

bool mark_id_read(const uint8_t id[MARK_ID_SIZE], struct mark_id *ret_mark)
{
	struct bytes_reader reader;
	struct mark_id mark;

	if (memcmp(id, magic, MAGIC_SIZE) != 0)
		return false;
	bytes_reader_init(&reader, id + MAGIC_SIZE, MARK_ID_SIZE - MAGIC_SIZE);
	mark.part = bytes_get_u8(&reader);
	if (mark.part >= MARK_PART_MAX || bytes_get_u8(&reader) != 0)
		return false;
	mark.uid = bytes_get_u32(&reader);
	mark.subject = bytes_get_u32(&reader);
	*ret_mark = mark;
	return true;
}

void mark_id_asked(const uint8_t id[MARK_ID_SIZE], uint8_t ret_asked[MARK_ID_SIZE])
{
	struct mark_id mark;

	memmove(ret_asked, id, MARK_ID_SIZE);
	if (mark_id_read(id, &mark))
		mark_id_write(&(const struct mark_id){.uid = mark.uid}, ret_asked);
}
