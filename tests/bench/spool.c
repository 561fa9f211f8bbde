/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU and bytes of an event on its way into the spool: lines that the engine makes of records with
 * changing processes, files, channels and destinations; frames of 1, 10 and 100 events; synced as the
 * uplink does. Prints; asserts nothing.
 *
 * usage: spool DIRECTORY	one that is made and removed there
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/event_record.h"
#include "agent/uplink/spool.h"
#include "common/clock.h"
#include "tests/unit/segment_fixture.h"

#define EVENTS 20000

static char *lines;
static size_t ends[EVENTS + 1]; /* of each line */
static struct fixture_keys keys;

static uint32_t some(uint32_t below)
{
	return (uint32_t)rand() % below;
}

static struct record record_of(unsigned int number)
{
	static const char *const names[] = {
		"vim", "soffice.bin", "firefox", "cp", "rsync", "thunderbird", "python3", "tar"};
	static const char *const places[] = {"/srv/finance/2026", "/srv/finance/plans",
		"/home/anna/documents", "/srv/design/drawings"};
	static const char *const kinds[] = {"odt", "pdf", "ods", "dwg", "txt"};
	struct record record = {
		.raw = {.header = {.type = HF_RECORD_VERDICT,
				.sequence = number,
				.ktime_ns = 1000000000ull + number * 37000000ull},
			.tgid = 1000 + some(4000),
			.uid = 1000 + some(3),
			.parent_tgid = 900 + some(50),
			.start_ktime_ns = 900000000ull + some(1u << 30),
			.channel = (uint8_t)(1 + some(HF_CHANNEL_MAX - 1)),
			.verdict = some(10) ? HF_VERDICT_AUDIT : HF_VERDICT_BLOCK,
			.operation = (uint8_t)(1 + some(4)),
			.labels = 1 + some(7),
			.policy = 7,
			.inode = {.ino = 100000 + some(5000),
				.dev = 8 << 20,
				.generation = some(1u << 30)}},
	};

	record.raw.pid = record.raw.tgid;
	record.raw.loginuid = record.raw.uid;
	record.raw.decided = record.raw.labels;
	if (!some(4)) {
		record.raw.family = AF_INET;
		record.raw.address[10] = record.raw.address[11] = 0xff;
		record.raw.address[12] = 10;
		record.raw.address[15] = (uint8_t)some(200);
		record.raw.port = some(2) ? 443 : (uint16_t)some(60000);
		record.raw.protocol = IPPROTO_TCP;
	}
	(void)snprintf(record.comm, sizeof(record.comm), "%s", names[some(8)]);
	(void)snprintf(record.path, sizeof(record.path), "%s/report-%u.%s", places[some(4)],
		some(3000), kinds[some(5)]);
	return record;
}

static void lines_make(void)
{
	struct event_origin origin = {.hostname = "desk-17.example",
		.machine_id = "0b5e6a0d8e4f4c1d9a7f3c2b1a098765",
		.boot_id = "6f1d2c3b-4a59-4687-9786-a5b4c3d2e1f0"};
	size_t used = 0;

	lines = malloc((size_t)EVENTS * 4096);
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct event_numbers numbers = {.sequence = i + 1, .delivered = i + 1};
		struct record record = record_of(i);
		struct json_object *event = event_of_record(&origin, &numbers, NULL, &record);
		const char *text = json_object_to_json_string_ext(
			event, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

		used += (size_t)snprintf(lines + used, 4096, "%s\n", text);
		ends[i + 1] = used;
		(void)json_object_put(event); /* freed */
	}
	printf("%u events of %zu bytes on average, the first:\n%.*s", EVENTS, used / EVENTS,
		(int)ends[1], lines);
}

static double cpu_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage); /* can't fail */
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void directory_remove(const char *directory)
{
	DIR *entries = opendir(directory);

	for (struct dirent *entry = entries ? readdir(entries) : NULL; entry;
		entry = readdir(entries))
		(void)unlinkat(dirfd(entries), entry->d_name, 0); /* "." and ".." stay */
	if (entries)
		(void)closedir(entries);
	(void)rmdir(directory); /* what is left is seen */
}

static size_t wire_bytes(struct spool *spool)
{
	static uint8_t bytes[SEGMENT_BATCH_MAX];
	struct spool_batch batch = {.bytes = bytes, .size_max = sizeof(bytes)};
	uint64_t after = 0;
	size_t sum = 0;

	while (spool_read(spool, after, &batch) > 0) {
		sum += batch.size;
		after = batch.last_sequence;
	}
	return sum;
}

static int measure(const char *directory, uint32_t count)
{
	struct spool_options options = {.sign = fixture_sign, .userdata = &keys};
	struct spool *spool = NULL;
	uint64_t begun_ns = clock_steady_ns();
	double begun = cpu_us(), spent;
	int r;

	memcpy(options.console_key, keys.public_key, HPKE_KEY_SIZE);
	r = spool_open(directory, &options, &spool);
	for (uint32_t i = 0; r == 0 && i < EVENTS; i += count) {
		const struct segment_frame frame = {
			i + 1, count, SEGMENT_NORMAL, lines + ends[i], ends[i + count] - ends[i]};

		r = spool_append(spool, &frame);
		if (r == 0)
			r = spool_sync(spool, false);
	}
	if (r == 0)
		r = spool_sync(spool, true);
	spent = cpu_us() - begun;
	if (r < 0) {
		printf("%s\n", strerror(-r));
		return 1;
	}
	printf("frames of %3u: %5.2f us CPU an event, %4zu bytes an event on the wire, %5.0f "
	       "events a second\n",
		count, spent / EVENTS, wire_bytes(spool) / EVENTS,
		EVENTS * 1e9 / (double)(clock_steady_ns() - begun_ns));
	spool_free(spool);
	return 0;
}

int main(int count, char **arguments)
{
	char directory[4096];

	if (count != 2)
		return 2;
	fixture_keys_make(&keys);
	lines_make();
	for (uint32_t frame = 1; frame <= 100; frame *= 10) {
		(void)snprintf(directory, sizeof(directory), "%s/spool-bench-XXXXXX", arguments[1]);
		if (!mkdtemp(directory) || measure(directory, frame) != 0)
			return 1;
		directory_remove(directory);
	}
	return 0;
}
