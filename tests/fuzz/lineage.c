/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lineage store against any records that decode, and against a file of its own that was
 * damaged. What must hold: whatever is in it, trees end, are within their bounds, and every line of
 * them has a section, a depth and a kind; a store that can't be used says so by an errno.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/lineage.h"
#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP_SIZE    12 /* bytes of one record's description */
#define RECORDS_MAX  256
#define PATCH_SIZE   8 /* bytes of one change to the file */
#define TEMPLATE_MAX (1 << 20)
#define LINES_MAX    ((LINEAGE_LINE_MAX + 2) * 3 * LINEAGE_ROOT_MAX + 1)

static unsigned int lines;

static void on_line(struct json_object *line, void *userdata)
{
	(void)userdata; /* none */
	lines++;
	assert(lines <= LINES_MAX);
	assert(json_text(line, "section")[0] && json_text(line, "kind")[0]);
	assert(json_number(line, "depth") <= LINEAGE_DEPTH_MAX + 1);
	assert(json_object_put(line) == 1);
}

static struct hf_inode_key key_of(uint8_t number)
{
	return (struct hf_inode_key){.ino = number & 15, .dev = 1 + (number >> 6), .generation = 1};
}

/* Small numbers, so that records meet. */
static void record_of(const uint8_t *step, uint64_t ktime_ns, struct hf_record *ret_record)
{
	struct hf_record *record = ret_record;

	memset(record, 0, sizeof(*record));
	record->header.type = step[0] % (HF_RECORD_TAINTED + 2);
	record->header.version = HF_RECORD_VERSION;
	record->header.size = sizeof(*record);
	record->header.ktime_ns = ktime_ns;
	record->channel = step[1] % HF_CHANNEL_MAX;
	record->operation = step[2] % HF_OPERATION_MAX;
	record->verdict = step[3] % HF_VERDICT_MAX;
	record->tgid = step[4] & 15;
	record->start_ktime_ns = step[4] >> 6;
	record->uid = step[3] >> 4;
	record->labels = step[5];
	record->source.tgid = step[6] & 15;
	record->source.start_ktime_ns = step[6] >> 6;
	record->source.hop = step[7] % HF_HOP_MAX;
	record->origins.count = step[8] % (HF_ORIGIN_MAX + 2);
	record->origins.is_many = step[8] >> 7;
	for (unsigned int i = 0; i < HF_ORIGIN_MAX; i++)
		record->origins.keys[i] = key_of((uint8_t)(step[9] + i));
	record->inode = key_of(step[10]);
	record->target_tgid = step[11] & 15;
	record->port = step[11];
	record->address[15] = step[11] >> 4;
	memset(record->comm, step[4], 3);
	if (step[10] >= 8) {
		record->path[0] = (uint8_t)('a' + (step[10] & 3)); /* names are shared */
		record->path[1] = '\0';
		record->path_size = 2;
	}
}

static void take(struct lineage *lineage, const uint8_t *data, size_t size)
{
	static struct hf_record raw;
	static struct record record;
	uint64_t ktime_ns = 1;

	for (unsigned int i = 0; i < RECORDS_MAX && size >= STEP_SIZE; i++) {
		record_of(data, ktime_ns, &raw);
		if (record_decode(&raw, sizeof(raw), &record) == 0)
			lineage_take(lineage, &record, data[0] & 0x80 ? "app" : NULL);
		ktime_ns += (uint64_t)data[7] << 28;
		data += STEP_SIZE;
		size -= STEP_SIZE;
	}
}

static bool is_errno(int r)
{
	return r == 0 || (r < 0 && r > -4096);
}

static void look(struct lineage *lineage)
{
	static const char *const names[] = {"/a", "/b", "/c", "/d", "/none", ""};
	struct lineage_question question = {.line = on_line};
	struct hf_inode_key key = key_of(3);
	struct hf_reader reader = {.tgid = 3, .source = {.tgid = 5, .hop = HF_HOP_PIPE}};
	struct json_object *line;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		question.path = names[i];
		question.key = i & 1 ? &key : NULL;
		lines = 0;
		assert(is_errno(lineage_draw(lineage, &question)));
	}
	reader.origins.count = 1;
	reader.origins.keys[0] = key;
	for (uint32_t viewer = 0; viewer < 2; viewer++) {
		line = lineage_reader(lineage, NULL, &reader, viewer);
		assert(line);
		(void)json_object_put(line); /* freed */
	}
}

static void use(const char *path, const uint8_t *data, size_t size)
{
	struct lineage *lineage = NULL;
	int r = lineage_open(path, "boot", &lineage);

	assert(is_errno(r));
	if (r < 0) {
		assert(!lineage);
		return;
	}
	lineage_volume(lineage, 1, "uuid:1");
	lineage_volume(lineage, 2, "uuid:2");
	take(lineage, data, size);
	assert(is_errno(lineage_write(lineage, true)));
	look(lineage);
	lineage_free(lineage);
}

/* A store with a little of everything, as a file's bytes. */
static size_t template_make(const char *path, uint8_t *ret_bytes)
{
	uint8_t steps[40 * STEP_SIZE];
	ssize_t size;
	int fd;

	for (size_t i = 0; i < sizeof(steps); i++)
		steps[i] = (uint8_t)(i * 37 + i / STEP_SIZE * 11);
	(void)unlink(path); /* of a run before */
	use(path, steps, sizeof(steps));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert(fd >= 0);
	size = read(fd, ret_bytes, TEMPLATE_MAX);
	(void)close(fd); /* read only */
	assert(size > 0);
	return (size_t)size;
}

/* Changes to the file first, as many as the first byte says; then records. */
static void damage(const uint8_t *data, size_t size)
{
	static uint8_t template[TEMPLATE_MAX], bytes[TEMPLATE_MAX];
	static char path[PATH_MAX], other[PATH_MAX + 8];
	static size_t template_size;
	unsigned int patches = 1 + data[0] / 8;
	int fd;

	if (!template_size) {
		(void)snprintf(
			path, sizeof(path), "/tmp/holdfast-fuzz-lineage-%d.db", (int)getpid());
		template_size = template_make(path, template);
	}
	memcpy(bytes, template, template_size);
	for (data++, size--; patches && size >= PATCH_SIZE; patches--) {
		size_t at = (size_t)(data[0] | data[1] << 8 | data[2] << 16) % template_size;
		size_t most = template_size - at < 5 ? template_size - at : 5;

		memcpy(bytes + at, data + 3, most);
		data += PATCH_SIZE;
		size -= PATCH_SIZE;
	}
	for (unsigned int i = 0; i < 2; i++) { /* SQLite leaves them when it can't go on */
		(void)snprintf(other, sizeof(other), "%s-%s", path, i ? "wal" : "shm");
		(void)unlink(other); /* mostly there is none */
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert(fd >= 0 && write(fd, bytes, template_size) == (ssize_t)template_size);
	(void)close(fd); /* written */
	use(path, data, size);
	(void)unlink(path); /* made anew next time */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1)
		damage(data + 1, size - 1);
	else
		use(":memory:", data + 1, size - 1);
	return 0;
}
