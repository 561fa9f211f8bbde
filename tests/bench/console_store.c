/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's price: batches of 100 events, sealed and signed as devices do it, through the real
 * code into a real file: open, verify, parse, insert, sync. Sealing is not counted. Then pages of
 * events by filter.
 *
 * console_store_postgres.c is the same over PostgreSQL.
 *
 * usage: console_store [EVENTS [DEVICES [BATCHES-A-COMMIT [DIRECTORY]]]]
 */
#define FIXTURE_PLAIN
#include "tests/bench/event_line.h"
#include "tests/unit/console_fixture.h"

#include <sys/resource.h>
#include <time.h>

#define BATCH_EVENTS 100
#define PAGE	     100
#define PAGES	     40

static double cpu_seconds(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage); /* can't fail */
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double system_seconds(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage); /* can't fail */
	return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

#ifdef FIXTURE_POSTGRES
/* Of the database's own processes: who stores with a server pays for both. */
static double server_seconds(void)
{
	PGresult *result = fixture_sql("SELECT pid FROM pg_stat_activity");
	unsigned long ticks = 0;

	for (int i = 0; i < PQntuples(result); i++) {
		unsigned long user = 0, kernel = 0;
		char path[64];
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%s/stat", PQgetvalue(result, i, 0));
		file = fopen(path, "re");
		if (!file)
			continue; /* the one that asked */
		if (fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			    &user, &kernel) == 2)
			ticks += user + kernel;
		(void)fclose(file);
	}
	PQclear(result);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}
#else
static double server_seconds(void)
{
	return 0;
}
#endif

static double wall_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* can't fail */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void real_batch(
	struct fixture_device *device, unsigned int number, struct fixture_batch *batch)
{
	static char lines[BATCH_EVENTS * EVENT_LINE_MAX];
	struct segment_frame frame = {.count = BATCH_EVENTS, .kind = SEGMENT_NORMAL};

	if (!device->sealer || device->next % 20000 == 1)
		fixture_segment(device);
	fixture_batch_begin(device, batch);
	frame.first_sequence = device->next;
	frame.lines = lines;
	frame.size = event_lines(device->next, BATCH_EVENTS, number, lines);
	fixture_append(device, batch, &frame);
}

static bool count_one(const struct store_found *found, void *userdata)
{
	unsigned int *left = userdata;

	(void)found; /* its JSON was unpacked */
	return --*left > 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure_pages(const char *what, const struct store_filter *filter)
{
	struct store_cursor cursor = {0};
	double took[PAGES], all = wall_seconds();
	unsigned int pages = 0;
	struct store *reader;
	int r = 1;

	cr_assert_eq(store_open(fixture_path, STORE_READ, &reader), 0);
	while (pages < PAGES && r > 0) {
		unsigned int left = PAGE;

		took[pages] = wall_seconds();
		do
			r = store_events(reader, filter, &cursor, 2000, count_one, &left);
		while (r > 0 && left > 0);
		cr_assert(r >= 0);
		took[pages] = wall_seconds() - took[pages];
		pages++;
	}
	store_free(reader);
	all = wall_seconds() - all;
	qsort(took, pages, sizeof(took[0]), compare);
	printf("  %-22s %2u pages of %d: p50 %.2f ms, p95 %.2f ms, all %.1f ms\n", what, pages,
		PAGE, took[pages / 2] * 1e3, took[pages * 95 / 100] * 1e3, all * 1e3);
}

static void measure_queries(int64_t device)
{
	measure_pages("newest", &(struct store_filter){0});
	measure_pages("one device", &(struct store_filter){.device = device});
	measure_pages("a rare class", &(struct store_filter){.class_uid = 4001});
	measure_pages("refused",
		&(struct store_filter){.verdict_min = STORE_WARN, .verdict_max = STORE_BLOCK});
	measure_pages("a user", &(struct store_filter){.user = "user-7"});
	measure_pages(
		"user and class", &(struct store_filter){.user = "user-7", .class_uid = 4001});
	measure_pages("file name", &(struct store_filter){.file = "report-77"});
	measure_pages("text that is nowhere", &(struct store_filter){.text = "xyzzy"});
}

int main(int argc, char **argv)
{
	unsigned long events = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000;
	unsigned int count = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 20;
	unsigned int group = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 30;
	struct fixture_device *devices = calloc(count, sizeof(*devices));
	struct fixture_batch *batches = calloc(group, sizeof(*batches));
	double cpu = 0, kernel = 0, wall = 0, bytes = 0, server;
	struct store_device known;
	unsigned long done = 0;

	cr_assert(devices && batches);
	fixture_begin();
	for (unsigned int i = 0; i < count; i++) {
		char host[32];

		(void)snprintf(host, sizeof(host), "pc-%u", i);
		fixture_device(&devices[i], host);
	}
	cr_assert_eq(store_device_by_uid(fixture_store, devices[count / 2].uid, &known), 0);
	server = server_seconds();
	while (done < events) {
		double cpu_from, kernel_from, wall_from;

		for (unsigned int i = 0; i < group; i++) {
			unsigned int number = (unsigned int)(done / BATCH_EVENTS + i) % count;

			real_batch(&devices[number], number, &batches[i]);
			bytes += (double)batches[i].size;
		}
		cpu_from = cpu_seconds();
		kernel_from = system_seconds();
		wall_from = wall_seconds();
		cr_assert_eq(store_begin(fixture_store), 0);
		for (unsigned int i = 0; i < group; i++) {
			unsigned int number = (unsigned int)(done / BATCH_EVENTS + i) % count;
			struct console_who who = {.id = 1, .address = "192.0.2.1"};
			struct console_device answer;

			memcpy(who.certificate, devices[number].fingerprint,
				sizeof(who.certificate));
			cr_assert_eq(ingest_batch(fixture_ingest, fixture_store, &who,
					     batches[i].bytes, batches[i].size, &answer),
				0);
			cr_assert_eq(answer.refusal, REFUSAL_NONE);
		}
		cr_assert_eq(store_commit(fixture_store), 0);
		cpu += cpu_seconds() - cpu_from;
		kernel += system_seconds() - kernel_from;
		wall += wall_seconds() - wall_from;
		done += (unsigned long)group * BATCH_EVENTS;
	}
	server = server_seconds() - server;
	cr_assert_eq(fixture_events(), (int64_t)done);
	printf("%lu events of %u devices, %u batches of %d a commit, %.0f bytes an event on the "
	       "wire\n",
		done, count, group, BATCH_EVENTS, bytes / (double)done);
	printf("  %.0f events/CPU-s, %.0f %% of the CPU in the kernel; %.0f events/s\n",
		(double)done / cpu, 100 * kernel / cpu, (double)done / wall);
	if (server > 0)
		printf("  %.0f events/CPU-s of the database's processes, %.0f of both\n",
			(double)done / server, (double)done / (cpu + server));
	{
		struct store_totals totals;

		cr_assert_eq(store_totals(fixture_store, &totals), 0);
		printf("database: %.0f bytes an event\n", (double)totals.bytes / (double)done);
	}
	measure_queries(known.id);
	fixture_end();
	return 0;
}
