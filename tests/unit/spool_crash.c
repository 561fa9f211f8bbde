/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cuts, deaths and failing disks, at any file operation, against an engine that sends what it
 * is asked for and a console that keeps what it has seen. What must hold: whatever a sync returned
 * for is there; the console never sees a number twice with another link, nor one left out; the chain
 * verifies; the next start always succeeds.
 *
 * HOLDFAST_CUTS=100000 for more of them, HOLDFAST_SEED=n for one series again.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "agent/uplink/spool.h"
#include "tests/unit/segment_fixture.h"
#include "tests/unit/spool_disk.h"

#define CUTS	      2000
#define LIVES	      12 /* of one directory */
#define STEPS	      60 /* of one life at most */
#define SEGMENT_SIZE  4096
#define SEGMENTS      6
#define SEGMENTS_MANY 400
#define LOST_EVERY    97 /* events, of which the engine itself has lost ... */
#define LOST_COUNT    5	 /* ... so many */

static struct fixture_keys keys;
static struct disk disk;
static bool has_alerts; /* the engine, in this series */

struct console {
	uint64_t sequence; /* it has all up to it */
	uint8_t link[SEGMENT_HASH_SIZE];
	uint64_t events, pruned, lost, alerts;
	uint64_t removed; /* events that it will never see */
};

struct world {
	uint64_t seed;
	struct spool_options options;
	struct spool_files files;
	struct console console;
	uint64_t synced; /* what the spool has promised */
	bool is_short;	 /* of room, and mostly offline: the cap is met, or the disk full */
	uint8_t batch[SEGMENT_BATCH_MAX];
};

static bool is_lost(uint64_t sequence)
{
	return sequence % LOST_EVERY >= LOST_EVERY - LOST_COUNT;
}

static enum segment_kind kind_of(uint64_t sequence)
{
	return has_alerts && sequence / 3 % 11 == 0 ? SEGMENT_ALERT : SEGMENT_NORMAL;
}

static void promise(struct world *world, const struct spool *spool)
{
	if (spool_synced_sequence(spool) > world->synced)
		world->synced = spool_synced_sequence(spool);
}

/* A few events of one kind from what is asked for on, sometimes with some that are there already. */
static void engine_step(struct world *world, struct spool *spool)
{
	char lines[SEGMENT_EVENTS_MAX * FIXTURE_LINE_SIZE + 1];
	uint64_t first = spool_next_sequence(spool);
	uint32_t count = 0, most = 1 + (uint32_t)disk_random(&disk, 20);
	struct segment_frame frame;
	int r;

	while (is_lost(first))
		first++;
	if (first > 3 && !is_lost(first - 2) && !is_lost(first - 1) && !disk_random(&disk, 8))
		first -= 2;
	while (count < most && !is_lost(first + count) && kind_of(first + count) == kind_of(first))
		count++;
	number_lines(first, count, lines);
	frame = (struct segment_frame){
		first, count, kind_of(first), lines, count * FIXTURE_LINE_SIZE};
	r = spool_append(spool, &frame);
	if (r == 0 && frame.kind == SEGMENT_ALERT)
		cr_assert_geq(spool_synced_sequence(spool), first + count - 1);
	if (r == 0)
		cr_assert_geq(spool_next_sequence(spool), first + count);
	promise(world, spool);
}

/* Oldest segments of what was pruned and lost may go; never an alert. */
static void console_gap(struct world *world, uint64_t first)
{
	cr_assert(world->is_short || first == world->console.sequence + 1, "seed %" PRIu64,
		world->seed);
	for (uint64_t i = world->console.sequence + 1; i < first; i++) {
		cr_assert(is_lost(i) || kind_of(i) == SEGMENT_NORMAL, "seed %" PRIu64 ": %" PRIu64,
			world->seed, i);
		world->console.removed++;
	}
	world->console.sequence = first - 1;
}

static void console_record(
	struct world *world, struct segment_opener *opener, const struct segment_record *record)
{
	char wanted[SEGMENT_EVENTS_MAX * FIXTURE_LINE_SIZE + 1];
	struct console *console = &world->console;
	auto_free char *lines = NULL;
	size_t size;
	int r;

	cr_assert_eq(record->first_sequence, console->sequence + 1, "seed %" PRIu64, world->seed);
	r = segment_open_record(opener, record, &lines, &size);
	console->sequence = record->first_sequence + record->count - 1;
	console->events += record->count;
	if (record->is_pruned) {
		cr_assert_eq(r, -ENODATA);
		console->pruned += record->count;
		return;
	}
	cr_assert_eq(r, 0, "seed %" PRIu64 ": %s", world->seed, strerror(-r));
	for (uint32_t i = 0; i < record->count; i++)
		cr_assert_eq(record->kind == SEGMENT_LOST, is_lost(record->first_sequence + i));
	if (record->kind == SEGMENT_LOST) {
		console->lost += record->count;
		return;
	}
	if (record->kind == SEGMENT_ALERT)
		console->alerts += record->count;
	number_lines(record->first_sequence, record->count, wanted);
	cr_assert_eq(size, record->count * FIXTURE_LINE_SIZE);
	cr_assert_eq(memcmp(lines, wanted, size), 0);
}

/* One batch, as a console takes it; what it says of it may not arrive. 1 when there was one. */
static int console_step(struct world *world, struct spool *spool)
{
	struct spool_batch batch = {.bytes = world->batch, .size_max = sizeof(world->batch)};
	auto_call(segment_opener_freep) struct segment_opener *opener = NULL;
	struct console *console = &world->console;
	struct segment_record record;
	struct segment_header header;
	struct segment_run run;
	int r;

	if (disk.calls_left >= 0 && disk_random(&disk, 2))
		batch.size_max = 1500 + disk_random(&disk, 3000);
	r = spool_read(spool, console->sequence, &batch);
	if (r <= 0)
		return r;
	cr_assert_eq(segment_batch_parse(batch.bytes, batch.size, &header, &run), 0);
	cr_assert_eq(segment_header_verify(&header, keys.device), 0);
	/* it follows what was seen before: nothing of that was taken back */
	cr_assert_gt(batch.first_sequence, console->sequence);
	if (batch.first_sequence > console->sequence + 1)
		console_gap(world, batch.first_sequence);
	else
		cr_assert(
			!memcmp(run.link, console->link, SEGMENT_HASH_SIZE) ||
				(!memcmp(run.link, header.hash, SEGMENT_HASH_SIZE) &&
					!memcmp(header.previous, console->link, SEGMENT_HASH_SIZE)),
			"seed %" PRIu64 ": another chain at %" PRIu64, world->seed,
			console->sequence);
	cr_assert_eq(segment_opener_new(&header, keys.private_key, &opener), 0);
	while ((r = segment_run_next(&run, &record)) > 0)
		console_record(world, opener, &record);
	cr_assert_eq(r, 0);
	cr_assert_eq(console->sequence, batch.last_sequence);
	cr_assert_leq(console->sequence, world->synced, "only what is promised");
	memcpy(console->link, run.link, SEGMENT_HASH_SIZE);
	if (disk_random(&disk, 4))
		(void)spool_ack(spool, console->sequence); /* a dead disk says so later */
	return 1;
}

static void live(struct world *world, struct spool *spool, unsigned int steps)
{
	for (unsigned int i = 0; i < steps; i++)
		switch (disk_random(&disk, 8)) {
		case 0:
			if (world->is_short && disk_random(&disk, 8))
				break;
			(void)console_step(world, spool); /* nothing there, or a dead disk */
			break;
		case 1:
			(void)spool_sync(spool, true); /* what it promises is looked at */
			promise(world, spool);
			break;
		default:
			engine_step(world, spool);
		}
}

/* Nothing is wrong: all that was promised is there, and proves. A full disk may leave a torn end. */
static void look(struct world *world, struct spool *spool)
{
	struct spool_losses losses;
	struct spool_proof proof;

	cr_assert_geq(spool_synced_sequence(spool), world->synced, "seed %" PRIu64, world->seed);
	promise(world, spool);
	if (spool_take_losses(spool, &losses))
		cr_assert_eq(losses.missing, 0, "seed %" PRIu64, world->seed);
	/* signatures are dear, and sometimes are enough */
	cr_assert_eq(spool_verify_files(
			     &world->files, disk_random(&disk, 8) ? NULL : keys.device, &proof),
		0);
	cr_assert(!proof.broken_links && !proof.bad_segments && !proof.missing &&
			  !proof.bad_signatures && (disk.space || !proof.tail_bytes),
		"seed %" PRIu64 ": segment %" PRIx64, world->seed, proof.bad_number);
	if (proof.last_sequence) {
		cr_assert_eq(proof.last_sequence, spool_synced_sequence(spool));
		for (uint64_t i = world->console.sequence + 1; i < proof.first_sequence; i++)
			cr_assert(is_lost(i) || kind_of(i) == SEGMENT_NORMAL);
	}
}

/* Starts until one does not die at it; that one must succeed. */
static struct spool *start(struct world *world)
{
	struct spool *spool = NULL;

	while (!disk_random(&disk, 3)) {
		disk.calls_left = 1 + (long)disk_random(&disk, 30);
		if (spool_open(NULL, &world->options, &spool) == 0)
			spool_free(spool);
		disk_restart(&disk, disk_random(&disk, 2));
	}
	disk.one_in_fails = 0;
	cr_assert_eq(spool_open(NULL, &world->options, &spool), 0, "seed %" PRIu64, world->seed);
	look(world, spool);
	return spool;
}

static unsigned int series(uint64_t seed, struct console *ret_console)
{
	static struct world world;
	struct spool *spool;
	int r;

	memset(&world, 0, sizeof(world));
	world.seed = seed;
	world.is_short = seed & 1;
	has_alerts = seed % 3;
	disk_make(&disk, seed, &world.files);
	world.options = (struct spool_options){
		.sign = fixture_sign,
		.userdata = &keys,
		.segment_size = SEGMENT_SIZE,
		.size_max = (world.is_short ? SEGMENTS : SEGMENTS_MANY) * SEGMENT_SIZE,
		.files = &world.files,
	};
	memcpy(world.options.console_key, keys.public_key, HPKE_KEY_SIZE);
	for (unsigned int i = 0; i < LIVES; i++) {
		spool = start(&world);
		if (!disk_random(&disk, 4))
			disk.one_in_fails = 20;
		if (world.is_short && !disk_random(&disk, 6))
			disk.space = disk_used(&disk) + disk_random(&disk, 3 * SEGMENT_SIZE);
		disk.calls_left = 1 + (long)disk_random(&disk, 200);
		live(&world, spool, 1 + (unsigned int)disk_random(&disk, STEPS));
		disk.is_dead = true;
		spool_free(spool);
		disk_restart(&disk, disk_random(&disk, 4));
		if (disk_random(&disk, 2))
			disk.space = 0;
	}
	disk.space = 0;
	spool = start(&world);
	do
		r = console_step(&world, spool);
	while (r > 0);
	cr_assert_eq(r, 0, "seed %" PRIu64, seed);
	console_gap(&world, spool_synced_sequence(spool) + 1); /* of which nothing is left to see */
	spool_free(spool);
	disk_done(&disk);
	*ret_console = world.console;
	return LIVES;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

Test(spool_crash, nothing_promised_is_lost_and_nothing_comes_twice, .timeout = 0)
{
	const uint64_t cuts = number_of("HOLDFAST_CUTS", CUTS);
	uint64_t seed = number_of("HOLDFAST_SEED", (uint64_t)time(NULL) << 16), done = 0;
	struct console sum = {0}, one;

	fixture_keys_make(&keys);
	(void)printf("HOLDFAST_SEED=%" PRIu64 "\n", seed);
	for (; done < cuts; seed++) {
		done += series(seed, &one);
		sum.events += one.events;
		sum.pruned += one.pruned;
		sum.lost += one.lost;
		sum.alerts += one.alerts;
		sum.removed += one.removed;
	}
	(void)printf("%" PRIu64 " cuts, %" PRIu64 " events, of them %" PRIu64 " alerts, %" PRIu64
		     " pruned, %" PRIu64 " lost by the engine; %" PRIu64 " removed\n",
		done, sum.events, sum.alerts, sum.pruned, sum.lost, sum.removed);
	/* that all this was tried at all */
	if (done >= CUTS)
		cr_expect(sum.alerts && sum.pruned && sum.lost && sum.removed);
	EVP_PKEY_free(keys.device);
}
