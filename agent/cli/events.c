/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast events: root reads the log itself, also without the agent; others ask the agent for
 * their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "policy/words.h"

#define LOG_NAME	"events.jsonl" /* agent/engine/event_log.h */
#define LOG_GENERATIONS 8
#define FOLLOW_WAIT_NS	250000000L

static const char usage[] =
	"usage: holdfast events [--follow] [--since TIME] [--verdict WORD] [--channel WORD]\n"
	"                       [--user NAME] [--json]\n"
	"       holdfast events --verify\n"
	"Prints events, oldest first: all of them for root, your own for others.\n"
	"  --since TIME     10m, 2h, 3d ago, or '2026-11-25 06:00'\n"
	"  --verdict WORD   allow, audit, warn, block, or refused (warn and block)\n"
	"  --channel WORD   open, removable, netshare, network, local-file, raw-disk, debug, "
	"descriptor, mount, ipc, print, clipboard, screen\n"
	"  --user NAME      name or id\n"
	"  --follow         go on printing as they come\n"
	"  --json           as OCSF JSON, one a line\n"
	"  --verify         prove that what waits for the console is whole, without reading it; "
	"root\n";

struct filter {
	bool is_json, is_following;
	uint64_t since_ms;
	const char *verdict, *channel, *user;
	uint64_t last_sequence;
};

static bool is_wanted(const struct filter *filter, struct json_object *event)
{
	const char *verdict = json_text(event, "unmapped.holdfast.verdict");

	if (json_number(event, "time") < filter->since_ms)
		return false;
	if (filter->verdict && !strcmp(filter->verdict, "refused")) {
		if (strcmp(verdict, "block") != 0 && strcmp(verdict, "warn") != 0)
			return false;
	} else if (filter->verdict && strcmp(filter->verdict, verdict) != 0) {
		return false;
	}
	if (filter->channel &&
		strcmp(filter->channel, json_text(event, "unmapped.holdfast.channel")) != 0)
		return false;
	return !filter->user || !strcmp(filter->user, json_text(event, "actor.user.name")) ||
	       !strcmp(filter->user, json_text(event, "actor.user.uid"));
}

static void show(struct json_object *event, const char *text, void *userdata)
{
	struct filter *filter = userdata;
	uint64_t sequence = json_number(event, "metadata.sequence");

	if (sequence > filter->last_sequence)
		filter->last_sequence = sequence;
	if (!is_wanted(filter, event))
		return;
	if (filter->is_json)
		(void)puts(text);
	else
		print_event(event);
}

/* Strictly: a torn line may be a whole event with a mark behind it (agent/engine/event_log.h). */
static struct json_object *event_of_line(const char *line, size_t size)
{
	struct json_tokener *parser = json_tokener_new();
	struct json_object *event;

	if (!parser)
		return NULL;
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
	event = json_tokener_parse_ex(parser, line, (int)size);
	json_tokener_free(parser);
	return event;
}

static void show_lines(struct filter *filter, FILE *file)
{
	static char *line;
	static size_t room;
	ssize_t size;
	long start = ftell(file);

	while ((size = getline(&line, &room, file)) > 0) {
		struct json_object *event;

		if (line[size - 1] != '\n') {		    /* still being written */
			(void)fseek(file, start, SEEK_SET); /* again from its start next time */
			break;
		}
		start = ftell(file);
		line[size - 1] = '\0';
		event = event_of_line(line, (size_t)size - 1);
		if (!event)
			continue;
		show(event, line, filter);
		(void)json_object_put(event); /* freed */
	}
	clearerr(file);
	(void)fflush(stdout);
}

static FILE *generation_open(unsigned int generation)
{
	char path[4096];

	if (generation)
		(void)snprintf(
			path, sizeof(path), "%s/%s.%u", cli.log_directory, LOG_NAME, generation);
	else
		(void)snprintf(path, sizeof(path), "%s/%s", cli.log_directory, LOG_NAME);
	return fopen(path, "re");
}

static bool is_rotated(FILE *file)
{
	char path[4096];
	struct stat now, ours;

	(void)snprintf(path, sizeof(path), "%s/%s", cli.log_directory, LOG_NAME);
	return fstat(fileno(file), &ours) == 0 && stat(path, &now) == 0 &&
	       now.st_ino != ours.st_ino;
}

static int events_of_log(struct filter *filter)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_WAIT_NS};
	FILE *file;

	for (unsigned int i = LOG_GENERATIONS - 1; i > 0; i--) {
		file = generation_open(i);
		if (!file)
			continue;
		show_lines(filter, file);
		(void)fclose(file); /* read only */
	}
	file = generation_open(0);
	if (!file) {
		(void)fprintf(stderr, "holdfast: cannot read '%s/%s': %s\n", cli.log_directory,
			LOG_NAME, strerror(errno));
		return CLI_REFUSED;
	}
	show_lines(filter, file);
	while (filter->is_following) {
		(void)nanosleep(&pause, NULL); /* interrupted: once more around */
		show_lines(filter, file);
		if (!is_rotated(file))
			continue;
		show_lines(filter, file); /* what came between the two */
		(void)fclose(file);	  /* read only */
		file = generation_open(0);
		if (!file)
			return CLI_REFUSED;
	}
	(void)fclose(file); /* read only */
	return CLI_DONE;
}

static int events_of_agent(struct filter *filter)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_WAIT_NS};
	struct local_request request = {.type = LOCAL_EVENTS};
	uint64_t before;
	int r;

	do {
		do { /* an answer holds so many; ask until there is nothing new */
			before = filter->last_sequence;
			request.after = filter->last_sequence;
			r = client_ask(&request, -1, show, filter);
		} while (r == CLI_DONE && filter->last_sequence != before);
		(void)fflush(stdout);
		if (r == CLI_DONE && filter->is_following)
			(void)nanosleep(&pause, NULL); /* interrupted: once more around */
	} while (r == CLI_DONE && filter->is_following);
	return r;
}

static bool is_verdict(const char *word)
{
	return !strcmp(word, "refused") ||
	       (policy_action_parse(word) >= 0 && policy_action_parse(word) < HF_VERDICT_MAX);
}

static int parse_option(struct filter *filter, int option)
{
	switch (option) {
	case 'f':
		filter->is_following = true;
		return 0;
	case 'j':
		filter->is_json = true;
		return 0;
	case 's':
		return clock_parse(optarg, &filter->since_ms);
	case 'v':
		filter->verdict = optarg;
		return is_verdict(optarg) ? 0 : -EINVAL;
	case 'c':
		filter->channel = optarg;
		return policy_channel_parse(optarg) < 0 ? -EINVAL : 0;
	case 'u':
		filter->user = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

int cli_events(int argc, char **argv)
{
	static const struct option known[] = {{"follow", no_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'}, {"since", required_argument, NULL, 's'},
		{"verdict", required_argument, NULL, 'v'},
		{"channel", required_argument, NULL, 'c'}, {"user", required_argument, NULL, 'u'},
		{"verify", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct filter filter = {0};
	int option;

	while ((option = getopt_long(argc, argv, "hf", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'V')
			return events_verify();
		if (parse_option(&filter, option) < 0) {
			if (option != '?')
				(void)fprintf(
					stderr, "holdfast: '%s' does not fit its option\n", optarg);
			(void)fputs(usage, stderr);
			return CLI_USAGE;
		}
	}
	if (optind != argc) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	return geteuid() == 0 ? events_of_log(&filter) : events_of_agent(&filter);
}
