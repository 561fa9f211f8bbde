/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives the kernel part alone, without policy files and agent processes: reads commands from
 * standard input, one a line, and answers each with "ok ..." or "error N". For tests of bpf/ and
 * for measuring. It is the sensor's real kernel_*() code underneath.
 *
 *   mark PATH LABELS	    app PATH NUMBER	   open APP LABELS	except APP CHANNEL LABELS
 *   channel N BLOCK WARN AUDIT FOLLOW		   dest PREFIXLEN HEX32 LABELS FIRST LAST
 *   flags APP FLAGS (HF_APP_...)
 *   publish SERIAL	    volume MAJOR MINOR CHANNEL ALLOW	gates SHUT REHEARSE
 *   labels PATH	    taint PID		   counters		records
 *   readers		    state LEASED SECONDS VERIFIED OUT_OF_ZONE (of the gates; seconds from now)
 *   verified UID LABELS SECONDS
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/sensor/kernel.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define WORD_MAX 8

static struct hf_bank bank;
static struct kernel_dest dests[64];
static size_t dest_count;
static struct hf_gates gates;

struct command {
	const char *name;
	int words; /* after the name */
	int (*run)(struct kernel *kernel, char **words);
};

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

static int run_mark(struct kernel *kernel, char **words)
{
	auto_close int fd = open(words[0], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct hf_inode_key key;
	struct hf_mark previous;
	int r;

	if (fd < 0)
		return -errno;
	r = kernel_mark(kernel, fd, number(words[1]), 0, &key, &previous);
	if (r == 0)
		printf("dev=%u ino=%" PRIu64 " generation=%u previous=%" PRIx64 " ", key.dev,
			(uint64_t)key.ino, key.generation, (uint64_t)previous.labels);
	return r;
}

static int run_labels(struct kernel *kernel, char **words)
{
	auto_close int fd = open(words[0], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct kernel_inode inode = {0};
	int r;

	if (fd < 0)
		return -errno;
	r = kernel_inode(kernel, fd, &inode);
	printf("labels=%" PRIx64 " own=%" PRIx64 " ", (uint64_t)inode.labels,
		(uint64_t)inode.own.labels);
	return r;
}

static int run_app(struct kernel *kernel, char **words)
{
	auto_close int fd = open(words[0], O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : kernel_set_app(kernel, fd, (uint32_t)number(words[1]));
}

static int run_open(struct kernel *kernel, char **words)
{
	(void)kernel; /* kept for the next publish */
	bank.apps[number(words[0]) % HF_APP_MAX].open = number(words[1]);
	return 0;
}

static int run_flags(struct kernel *kernel, char **words)
{
	(void)kernel; /* kept for the next publish */
	bank.apps[number(words[0]) % HF_APP_MAX].flags = (uint32_t)number(words[1]);
	return 0;
}

static int run_except(struct kernel *kernel, char **words)
{
	(void)kernel; /* kept for the next publish */
	bank.apps[number(words[0]) % HF_APP_MAX].except[number(words[1]) % HF_CHANNEL_MAX] = number(
		words[2]);
	return 0;
}

static int run_channel(struct kernel *kernel, char **words)
{
	(void)kernel; /* kept for the next publish */
	bank.channels[number(words[0]) % HF_CHANNEL_MAX] = (struct hf_channel_masks){
		.block = number(words[1]),
		.warn = number(words[2]),
		.audit = number(words[3]),
		.follow = number(words[4]),
	};
	return 0;
}

static int run_dest(struct kernel *kernel, char **words)
{
	struct kernel_dest *dest = &dests[dest_count];

	(void)kernel; /* kept for the next publish */
	if (dest_count == 64 || strlen(words[1]) != 32)
		return -EINVAL;
	dest->key.prefixlen = (uint32_t)number(words[0]);
	for (int i = 0; i < 16; i++) {
		char byte[3] = {words[1][2 * i], words[1][2 * i + 1], 0};

		dest->key.address[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
	dest->value.allow[0] = number(words[2]);
	dest->value.port_first[0] = (uint16_t)number(words[3]);
	dest->value.port_last[0] = (uint16_t)number(words[4]);
	dest_count++;
	return 0;
}

static int run_publish(struct kernel *kernel, char **words)
{
	bank.serial = number(words[0]);
	return kernel_publish(kernel, &bank, dests, dest_count, &(const struct kernel_services){0});
}

static int run_volume(struct kernel *kernel, char **words)
{
	struct hf_volume volume = {
		.channel = (uint32_t)number(words[2]),
		.allow = number(words[3]),
		.allow_raw = number(words[3]),
	};

	return kernel_set_volume(
		kernel, (uint32_t)(number(words[0]) << 20 | number(words[1])), &volume);
}

static int run_gates(struct kernel *kernel, char **words)
{
	gates.shut = number(words[0]);
	gates.rehearse = number(words[1]);
	return kernel_set_gates(kernel, &gates);
}

static int run_state(struct kernel *kernel, char **words)
{
	gates.state = (struct hf_gate_state){
		.leased = number(words[0]),
		.lease_until_ns = clock_boot_ns() + number(words[1]) * CLOCK_SECOND_NS,
		.verified = number(words[2]),
		.out_of_zone = number(words[3]),
	};
	return kernel_set_gates(kernel, &gates);
}

static int run_verified(struct kernel *kernel, char **words)
{
	struct hf_verified verified = {.labels = {number(words[1])},
		.until_ktime_ns = {clock_boot_ns() + number(words[2]) * CLOCK_SECOND_NS}};

	return kernel_set_verified(kernel, (uint32_t)number(words[0]), &verified);
}

static int run_taint(struct kernel *kernel, char **words)
{
	uint64_t labels = 0;
	uint32_t app = 0;
	int r = kernel_taint(kernel, atoi(words[0]), &labels, &app);

	printf("taint=%" PRIx64 " app=%u ", labels, app);
	return r == -ENOENT ? 0 : r;
}

static int print_reader(const struct hf_reader *reader, void *userdata)
{
	(void)userdata; /* none */
	printf("reader tgid=%u uid=%u app=%u labels=%" PRIx64 " comm=%.16s from=%u hop=%u "
	       "origins=%u first=%" PRIu64 "\n",
		reader->tgid, reader->uid, reader->app, (uint64_t)reader->labels,
		(const char *)reader->comm, reader->source.tgid, reader->source.hop,
		reader->origins.count, (uint64_t)reader->origins.keys[0].ino);
	return 0;
}

static int run_readers(struct kernel *kernel, char **words)
{
	(void)words; /* takes none */
	return kernel_readers(kernel, print_reader, NULL);
}

static int run_counters(struct kernel *kernel, char **words)
{
	uint64_t counters[HF_COUNTER_MAX] = {0};
	int r = kernel_counters(kernel, counters);

	(void)words; /* takes none */
	printf("made=%" PRIu64 " sent=%" PRIu64 " coalesced=%" PRIu64 " lost=%" PRIu64
	       " refused=%" PRIu64 " ",
		counters[HF_COUNTER_MADE], counters[HF_COUNTER_SENT],
		counters[HF_COUNTER_COALESCED], counters[HF_COUNTER_LOST],
		counters[HF_COUNTER_REFUSED]);
	return r;
}

static struct ring_buffer *ring;

static int print_record(void *userdata, void *bytes, size_t size_bytes)
{
	const struct hf_record *record = bytes;

	(void)size_bytes; /* the real decoder is agent/sensor/record.c */
	(void)userdata;
	printf("record type=%u channel=%u verdict=%u operation=%u reason=%u labels=%" PRIx64
	       " uid=%u comm=%.16s path=",
		record->header.type, record->channel, record->verdict, record->operation,
		record->reason, (uint64_t)record->decided, record->uid, (const char *)record->comm);
	for (unsigned int i = 0; i < record->path_size && i < HF_PATH_SIZE; i++)
		putchar(record->path[i] ? record->path[i] : '<');
	putchar('\n');
	return 0;
}

static int run_records(struct kernel *kernel, char **words)
{
	int r;

	(void)kernel;
	(void)words; /* takes none */
	r = ring_buffer__consume(ring);
	printf("records=%d ", r);
	return r < 0 ? r : 0;
}

static const struct command commands[] = {
	{"mark", 2, run_mark},
	{"labels", 1, run_labels},
	{"app", 2, run_app},
	{"open", 2, run_open},
	{"flags", 2, run_flags},
	{"except", 3, run_except},
	{"channel", 5, run_channel},
	{"dest", 5, run_dest},
	{"publish", 1, run_publish},
	{"volume", 4, run_volume},
	{"gates", 2, run_gates},
	{"state", 4, run_state},
	{"verified", 3, run_verified},
	{"taint", 1, run_taint},
	{"readers", 0, run_readers},
	{"counters", 0, run_counters},
	{"records", 0, run_records},
};

static int run_line(struct kernel *kernel, char *line)
{
	char *words[WORD_MAX], *save = NULL;
	int count = 0;

	for (char *word = strtok_r(line, " \n", &save); word && count < WORD_MAX;
		word = strtok_r(NULL, " \n", &save))
		words[count++] = word;
	for (size_t i = 0; count && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(words[0], commands[i].name) && count == commands[i].words + 1)
			return commands[i].run(kernel, words + 1);
	return -EINVAL;
}

int main(void)
{
	struct kernel_support support;
	struct kernel *kernel;
	char line[4096];
	int r = kernel_open(KERNEL_PIN_DIRECTORY, &support, &kernel);

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; i < support.missing_count; i++)
		fprintf(stderr, "missing: %s\n", support.missing[i]);
	if (r < 0) {
		fprintf(stderr, "kernelctl: %s\n", strerror(-r));
		return 1;
	}
	ring = ring_buffer__new(
		bpf_obj_get(KERNEL_PIN_DIRECTORY "/maps/hf_ring"), print_record, NULL, NULL);
	if (!ring) {
		fprintf(stderr, "kernelctl: the ring of records: %s\n", strerror(errno));
		return 1;
	}
	printf("ok adopted=%d\n", support.was_adopted);
	while (fgets(line, sizeof(line), stdin)) {
		r = run_line(kernel, line);
		if (r < 0)
			printf("error %d %s\n", -r, strerror(-r));
		else
			printf("ok\n");
	}
	ring_buffer__free(ring);
	kernel_close(kernel);
	return 0;
}
