/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet of devices against a real console: each with its own key, certificate, TLS session and
 * chain of batches. One process, one loop; a command a line on standard input, an answer in JSON a
 * line out; between commands all goes on.
 *
 *   fleet CONSOLE_ADDRESS:PORT CA_FILE
 *
 *   enrol COUNT AT_A_TIME TOKEN	new devices by EST
 *   ask FIRST COUNT SECONDS		they connect and ask who they are, no more
 *   hold FIRST COUNT			they wait for policies
 *   seal FIRST COUNT BATCHES		they ask for the key to seal to, and seal so many of 100 events
 *   report FIRST COUNT			they deliver what they sealed, one batch after the other
 *   stop FIRST COUNT			they deliver what is under way, and no more
 *   rest FIRST COUNT			they end what they do, connection and all
 *   cut FIRST COUNT			their connections are lost
 *   held COUNT SECONDS			until so many hold a request, or time is over
 *   delivered SECONDS			until all is delivered, or time is over
 *   policy VERSION SECONDS		until all that hold have it; when it came to whom
 *   count				what happened since the last time, and all that was acknowledged
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/bench/fleet.h"

static struct fleet fleet;
static uint64_t counted_ns;

static double seconds_since(uint64_t begun_ns)
{
	return (double)(clock_steady_ns() - begun_ns) / 1e9;
}

static void run_for(
	uint64_t begun_ns, double seconds, bool (*is_done)(unsigned int), unsigned int number)
{
	while (!is_done(number) && seconds_since(begun_ns) < seconds)
		fleet_turn(&fleet);
}

static bool has_enrolled(unsigned int number)
{
	return fleet.enrolled >= number;
}

static bool has_held(unsigned int number)
{
	return fleet_holding(&fleet) >= number;
}

static bool is_nobody(enum errand errand)
{
	for (unsigned int i = 0; i < fleet.count; i++)
		if (fleet.devices[i].errand == errand)
			return false;
	return true;
}

static bool has_asked(unsigned int number)
{
	(void)number;
	return is_nobody(ERRAND_ASK);
}

static bool has_delivered(unsigned int number)
{
	(void)number;
	return is_nobody(ERRAND_REPORT);
}

static bool has_policy(unsigned int number)
{
	for (unsigned int i = 0; i < fleet.count; i++)
		if (fleet.devices[i].errand == ERRAND_HOLD && fleet.devices[i].version < number)
			return false;
	return true;
}

static void do_enrol(unsigned int count, unsigned int at_a_time, const char *token)
{
	uint64_t begun_ns = clock_steady_ns();
	unsigned int before = fleet.enrolled;
	double spent;

	if (count > FLEET_DEVICES_MAX - fleet.count)
		count = FLEET_DEVICES_MAX - fleet.count;
	fleet.token = token;
	fleet.enrolling_max = at_a_time;
	for (unsigned int i = 0; i < count; i++)
		fleet_set(&fleet, &fleet.devices[fleet.count++], ERRAND_ENROL);
	run_for(begun_ns, 600, has_enrolled, before + count);
	spent = seconds_since(begun_ns);
	printf("{\"enrolled\":%u,\"seconds\":%.2f,\"refused\":%u,\"lost\":%u}\n",
		fleet.enrolled - before, spent, fleet.refused, fleet.lost);
}

static void for_each(unsigned int first, unsigned int count, void (*what)(struct device *device))
{
	for (unsigned int i = first; i < first + count && i < fleet.count; i++)
		what(&fleet.devices[i]);
}

static void begin_hold(struct device *device)
{
	fleet_set(&fleet, device, ERRAND_HOLD);
}

static void begin_ask(struct device *device)
{
	fleet_set(&fleet, device, ERRAND_ASK);
}

static void begin_report(struct device *device)
{
	fleet_set(&fleet, device, device->batch_count ? ERRAND_REPORT : ERRAND_NONE);
}

static void begin_stop(struct device *device)
{
	if (device->batch_count > device->batch_next + 1)
		device->batch_count = device->batch_next + 1;
}

static void begin_rest(struct device *device)
{
	fleet_set(&fleet, device, ERRAND_NONE);
	link_close(&device->link);
}

static void cut(struct device *device)
{
	fleet_drop(&fleet, device);
}

static void do_seal(unsigned int first, unsigned int count, unsigned int batches)
{
	uint64_t bytes = 0;
	int r = 0;

	for_each(first, count, begin_ask);
	run_for(clock_steady_ns(), 120, has_asked, 0);
	for (unsigned int i = first; i < first + count && i < fleet.count && r == 0; i++) {
		struct device *device = &fleet.devices[i];

		r = device_seal(device, device->text, batches);
		for (unsigned int batch = 0; r == 0 && batch < batches; batch++)
			bytes += device->batches[batch].size;
		link_close(&device->link); /* it may have become too old meanwhile */
	}
	printf("{\"failed\":%d,\"bytes_an_event\":%.1f}\n", r,
		(double)bytes / ((double)count * batches * FLEET_BATCH_EVENTS));
}

static void do_ask(unsigned int first, unsigned int count, double seconds)
{
	uint64_t begun_ns = clock_steady_ns();
	unsigned int open = 0;

	for_each(first, count, begin_ask);
	run_for(begun_ns, seconds, has_asked, 0);
	for (unsigned int i = first; i < first + count && i < fleet.count; i++)
		open += fleet.devices[i].link.fd >= 0 && fleet.devices[i].errand == ERRAND_NONE;
	printf("{\"open\":%u,\"seconds\":%.2f}\n", open, seconds_since(begun_ns));
}

static void do_held(unsigned int count, double seconds)
{
	uint64_t begun_ns = clock_steady_ns();

	run_for(begun_ns, seconds, has_held, count);
	printf("{\"held\":%u,\"seconds\":%.2f}\n", fleet_holding(&fleet), seconds_since(begun_ns));
}

static void do_delivered(double seconds)
{
	uint64_t begun_ns = clock_steady_ns();

	run_for(begun_ns, seconds, has_delivered, 0);
	printf("{\"is_done\":%s,\"seconds\":%.2f}\n", has_delivered(0) ? "true" : "false",
		seconds_since(begun_ns));
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void do_policy(unsigned int version, double seconds)
{
	static uint64_t arrived_ms[FLEET_DEVICES_MAX];
	unsigned int count = 0, waiting = 0;

	run_for(clock_steady_ns(), seconds, has_policy, version);
	for (unsigned int i = 0; i < fleet.count; i++) {
		const struct device *device = &fleet.devices[i];

		waiting += device->errand == ERRAND_HOLD;
		if (device->errand == ERRAND_HOLD && device->version >= version)
			arrived_ms[count++] = device->arrived_ms;
	}
	qsort(arrived_ms, count, sizeof(arrived_ms[0]), compare);
	if (!count)
		arrived_ms[count++] = 0;
	printf("{\"waiting\":%u,\"have\":%u,\"p50_ms\":%llu,\"p99_ms\":%llu,\"last_ms\":%llu}\n",
		waiting, arrived_ms[0] ? count : 0, (unsigned long long)arrived_ms[count / 2],
		(unsigned long long)arrived_ms[(count - 1) * 99 / 100],
		(unsigned long long)arrived_ms[count - 1]);
}

static void do_count(void)
{
	uint64_t acked = 0;

	for (unsigned int i = 0; i < fleet.count; i++)
		acked += fleet.devices[i].acked;
	printf("{\"acked\":%llu,\"seconds\":%.3f,\"holding\":%u,\"events\":%llu,\"handshakes\":%u,"
	       "\"resumed\":%u,"
	       "\"refused\":%u,\"lost\":%u}\n",
		(unsigned long long)acked, seconds_since(counted_ns), fleet_holding(&fleet),
		(unsigned long long)fleet.events, fleet.shaken, fleet.resumed, fleet.refused,
		fleet.lost);
	counted_ns = clock_steady_ns();
	fleet.events = 0;
	fleet.shaken = fleet.resumed = fleet.refused = fleet.lost = 0;
}

/* Two numbers and a word, as far as they are there. */
static bool command(const char *line)
{
	char word[16], text[160] = "";
	unsigned int a = 0, b = 0;

	if (sscanf(line, "%15s %u %u %159s", word, &a, &b, text) < 1)
		return false;
	if (!strcmp(word, "enrol"))
		do_enrol(a, b, text);
	else if (!strcmp(word, "seal"))
		do_seal(a, b, (unsigned int)strtoul(text, NULL, 10));
	else if (!strcmp(word, "ask"))
		do_ask(a, b, strtod(text, NULL));
	else if (!strcmp(word, "held"))
		do_held(a, b);
	else if (!strcmp(word, "delivered"))
		do_delivered(a);
	else if (!strcmp(word, "policy"))
		do_policy(a, b);
	else if (!strcmp(word, "count"))
		do_count();
	else if (!strcmp(word, "hold"))
		return for_each(a, b, begin_hold), puts("{}"), true;
	else if (!strcmp(word, "report"))
		return for_each(a, b, begin_report), puts("{}"), true;
	else if (!strcmp(word, "stop"))
		return for_each(a, b, begin_stop), puts("{}"), true;
	else if (!strcmp(word, "rest"))
		return for_each(a, b, begin_rest), puts("{}"), true;
	else if (!strcmp(word, "cut"))
		return for_each(a, b, cut), puts("{}"), true;
	else
		return false;
	return true;
}

/* Lines come one at a time: the next one is written when this one was answered. */
static bool take_command(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[512];

	if (poll(&input, 1, 0) <= 0)
		return true;
	if (!fgets(line, sizeof(line), stdin))
		return false;
	if (!command(line)) {
		(void)fprintf(stderr, "fleet: no command: %s", line);
		return false;
	}
	return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	int r;

	if (argc != 3)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN); /* a console that ends is seen by the error */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files); /* seen when it is not enough */
	}
	r = fleet_init(&fleet, argv[1], argv[2]);
	if (r < 0) {
		(void)fprintf(stderr, "fleet: %s\n", strerror(-r));
		return 1;
	}
	counted_ns = clock_steady_ns();
	while (take_command())
		fleet_turn(&fleet);
	return 0;
}
