/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console trace: whom a leaked picture's blind mark names. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/mark_id.h"
#include "common/uuid.h"
#include "console/cli/cli.h"
#include "console/trace/picture.h"
#include "console/trace/search.h"

#define GENERATIONS_MAX 64

static const char usage[] =
	"usage: holdfast-console trace [--json] IMAGE\n"
	"Looks for the blind mark in a picture that leaked, PNG, JPEG or WebP, and says whose "
	"screen\n"
	"it was, on which device and when; or that there is none that can be read. Scale, a small\n"
	"turn and where it was cut are found. That it was traced, and whom it named, is in the "
	"audit.\n"
	"Exit status: 0 somebody is named, 1 nobody is.\n";

struct trace {
	struct admin_request request;
	bool is_json;
	char *bytes; /* own */
	size_t size;
	uint64_t generations[GENERATIONS_MAX];
	unsigned int count;
	uint8_t lattice[SEARCH_LATTICE_SIZE];
	bool has_lattice;
	struct json_object *subject; /* own; NULL = nobody yet */
	enum cli_exit exit;	     /* of the last question */
	unsigned int frames;	     /* that were found, and are no mark */
};

/* 0, or it is said what is wrong. */
static int read_file(const char *path, struct trace *trace)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct digest_piece whole;
	uint8_t hash[DIGEST_SIZE];
	struct stat about;
	int r;

	if (fd < 0 || fstat(fd, &about) < 0)
		return cli_refuse("cannot read '%s': %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) || about.st_size > PICTURE_BYTES_MAX)
		return cli_refuse(
			"'%s' is no file of at most %d MB", path, PICTURE_BYTES_MAX >> 20);
	r = file_read_all(fd, (size_t)about.st_size, &trace->bytes, &trace->size);
	if (r < 0)
		return cli_refuse("cannot read '%s': %s", path, strerror(-r));
	whole = (struct digest_piece){trace->bytes, trace->size};
	if (digest_of(&whole, 1, hash) < 0)
		return cli_refuse("there is no SHA-256 here");
	hex_write(hash, sizeof(hash), trace->request.text);
	return CLI_DONE;
}

static void on_key(struct json_object *line, const char *text, void *userdata)
{
	struct trace *trace = userdata;

	(void)text;
	if (strcmp(json_text(line, "state"), "destroyed") && trace->count < GENERATIONS_MAX)
		trace->generations[trace->count++] = json_number(line, "generation");
}

static int ask_generations(struct trace *trace)
{
	struct admin_request request = {.type = ADMIN_KEYS};
	uint8_t label[MARK_ID_SIZE];

	mark_id_write(&(const struct mark_id){.uid = MARK_ID_TENANT}, label);
	uuid_format(label, request.device);
	(void)snprintf(request.name, sizeof(request.name), "@watermark");
	return client_ask(&request, on_key, trace);
}

static void on_lattice(struct json_object *line, const char *text, void *userdata)
{
	struct trace *trace = userdata;

	(void)text;
	trace->has_lattice = hex_read(
		json_text(line, "lattice"), trace->lattice, SEARCH_LATTICE_SIZE);
}

static void on_subject(struct json_object *line, const char *text, void *userdata)
{
	struct trace *trace = userdata;

	(void)text;
	(void)json_object_put(trace->subject); /* freed */
	trace->subject = json_object_get(line);
}

static int judge(const struct search_hit *hit, void *userdata)
{
	struct trace *trace = userdata;

	trace->request.type = ADMIN_TRACE_FRAME;
	hex_write(hit->frame, SEARCH_FRAME_SIZE, trace->request.name);
	trace->exit = (enum cli_exit)client_ask(&trace->request, on_subject, trace);
	trace->request.name[0] = '\0';
	if (trace->exit == CLI_NO_CONSOLE)
		return -EPIPE;
	trace->frames += !trace->subject;
	return trace->subject ? 0 : 1;
}

static const char *words_of(int error)
{
	switch (error) {
	case -EPROTONOSUPPORT:
		return "it is neither PNG, JPEG nor WebP";
	case -EBADMSG:
		return "it is damaged";
	case -EFBIG:
		return "it has too many pixels";
	case -ERANGE:
		return "it is too small to carry a mark";
	case -ECHILD:
		return "who decodes it was ended: it took too long, or is made to break it";
	default:
		return strerror(-error);
	}
}

static void print(const struct trace *trace, uint64_t generation, const struct search_hit *hit)
{
	const char *account = json_text(trace->subject, "account");
	char when[CLOCK_TEXT_SIZE];

	(void)json_object_object_add(
		trace->subject, "confidence", json_object_new_double(hit->confidence));
	(void)json_object_object_add(
		trace->subject, "generation", json_object_new_int64((int64_t)generation));
	if (trace->is_json) {
		(void)puts(json_object_to_json_string_ext(trace->subject, JSON_C_TO_STRING_PLAIN));
		return;
	}
	clock_format(json_number(trace->subject, "time"), when);
	print_styled(PRINT_BOLD, "%s", account[0] ? "" : "user ");
	if (account[0])
		print_clean(account);
	(void)printf("%s%" PRIu64 "%s on ", account[0] ? " (user " : "",
		json_number(trace->subject, "uid"), account[0] ? ")" : "");
	print_clean(json_text(trace->subject, "host"));
	(void)printf(" (device %s)\nat %s, within a minute\nconfidence %.1f standard deviations; "
		     "key of marks, generation %" PRIu64 "\n",
		json_text(trace->subject, "device"), when, (double)hit->confidence, generation);
}

/* CLI_DONE: somebody is named; CLI_REFUSED: nobody, by this generation; else it is said what is wrong. */
static int trace_generation(struct trace *trace, const char *path, uint64_t generation)
{
	const struct search search = {
		(const uint8_t *)trace->bytes, trace->size, trace->lattice, judge, trace};
	struct search_hit hit;
	int r;

	trace->request.type = ADMIN_TRACE;
	trace->request.number = generation;
	trace->has_lattice = false;
	r = client_ask(&trace->request, on_lattice, trace);
	if (r != CLI_DONE || !trace->has_lattice)
		return r == CLI_DONE ? CLI_NO_CONSOLE : CLI_USAGE;
	if (!trace->is_json)
		(void)fprintf(
			stderr, "looking for marks of generation %" PRIu64 " ...\n", generation);
	r = search_picture(&search, &hit);
	explicit_bzero(trace->lattice, sizeof(trace->lattice));
	if (r == 0 && trace->subject) {
		print(trace, generation, &hit);
		return CLI_DONE;
	}
	if (r == -ENOENT)
		return CLI_REFUSED;
	if (trace->exit == CLI_NO_CONSOLE)
		return CLI_NO_CONSOLE;
	(void)cli_refuse("'%s' can't be looked at: %s", path, words_of(r));
	return CLI_USAGE;
}

static int run(struct trace *trace, const char *path)
{
	int r = read_file(path, trace);

	if (r != CLI_DONE)
		return r;
	r = ask_generations(trace);
	if (r != CLI_DONE)
		return r;
	for (unsigned int i = 0; i < trace->count; i++) {
		r = trace_generation(trace, path, trace->generations[i]);
		if (r != CLI_REFUSED)
			return r == CLI_USAGE ? CLI_REFUSED : r;
	}
	(void)cli_refuse(
		"no mark is found in '%s': %u generations of the key were tried, each at scales "
		"of 40 to 260 %% and turns up to 8 degrees; %u times something was there, "
		"that no pen of ours wrote",
		path, trace->count, trace->frames);
	return CLI_REFUSED;
}

int cli_trace(int argc, char **argv)
{
	static struct trace trace;
	int r;

	r = cli_options_json(argc, argv, usage, &trace.is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (optind + 1 != argc)
		return cli_usage(usage);
	r = run(&trace, argv[optind]);
	free(trace.bytes);
	(void)json_object_put(trace.subject); /* freed */
	return r;
}
