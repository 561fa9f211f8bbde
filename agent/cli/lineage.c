/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast lineage FILE: the tree of where content came from and where it went. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <langinfo.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define LINE_MAX_OF_ANSWER 16384 /* the engine draws fewer */

static const char usage[] = "usage: holdfast lineage [--json] FILE\n"
			    "Draws where the content of FILE came from, and where it went: "
			    "processes, how each got it,\n"
			    "files that inherited its labels, and ways out that were tried. FILE "
			    "may be gone or renamed:\n"
			    "it is then found by the names it had. For root.\n";

struct drawing {
	bool is_json;
	struct json_object *lines[LINE_MAX_OF_ANSWER];
	unsigned int depths[LINE_MAX_OF_ANSWER];
	size_t count;
};

static void keep_line(struct json_object *line, const char *text, void *userdata)
{
	struct drawing *drawing = userdata;

	if (drawing->is_json) {
		(void)puts(text);
		return;
	}
	if (drawing->count == LINE_MAX_OF_ANSWER)
		return;
	drawing->depths[drawing->count] = (unsigned int)json_number(line, "depth");
	drawing->lines[drawing->count++] = json_object_get(line);
}

static void print_labels(struct json_object *line)
{
	struct json_object *labels = json_at(line, "labels");
	size_t count = labels ? json_object_array_length(labels) : 0;

	for (size_t i = 0; i < count; i++) {
		(void)fputs(i ? ", " : " [", stdout);
		print_clean(json_object_get_string(json_object_array_get_idx(labels, i)));
	}
	if (count)
		(void)putchar(']');
}

static void print_file(struct json_object *line)
{
	const char *path = json_text(line, "path");
	struct json_object *names = json_at(line, "other_names");
	size_t count = names ? json_object_array_length(names) : 0;

	print_clean(path[0] ? path : "a file whose name is not known");
	print_labels(line);
	if (json_true(line, "is_gone"))
		print_styled(PRINT_DIM, " (removed)");
	for (size_t i = 0; i < count; i++) {
		(void)fputs(i ? ", " : " (also known as ", stdout);
		print_clean(json_object_get_string(json_object_array_get_idx(names, i)));
	}
	if (count)
		(void)putchar(')');
}

static void print_times(struct json_object *line)
{
	uint64_t first = json_number(line, "time"), last = json_number(line, "last_time");
	char text[CLOCK_TEXT_SIZE];

	if (!first)
		return;
	clock_format(first, text);
	print_styled(PRINT_DIM, "  %s", text);
	if (last / 1000 > first / 1000) {
		clock_format(last, text);
		print_styled(PRINT_DIM, " to %s", text);
	}
	if (json_number(line, "count") > 1)
		print_styled(PRINT_DIM, ", %s times", json_text(line, "count"));
}

/* How content came to (or, upwards, from) what the line is about. */
static void print_how(struct json_object *line, bool is_up)
{
	const char *how = json_text(line, "how");
	bool is_file = !strcmp(json_text(line, "kind"), "file");

	if (!strcmp(how, "read"))
		(void)fputs(is_file ? "which read " : "read by ", stdout);
	else if (!strcmp(how, "write"))
		(void)fputs(is_file ? "written to " : "written by ", stdout);
	else if (!strcmp(how, "unrecorded"))
		(void)printf("%s, on a way of which there is no record, ", is_up ? "from" : "to");
	else
		(void)printf("by %s %s ", how, is_up ? "from" : "to");
}

static void print_exit(struct json_object *line)
{
	const char *verdict = json_text(line, "verdict"), *to = json_text(line, "to");

	if (!strcmp(verdict, "block"))
		print_styled(PRINT_BAD, "refused");
	else if (!strcmp(verdict, "warn"))
		print_styled(PRINT_WARN, "stopped with a warning");
	else
		(void)fputs("let out, on record", stdout);
	(void)printf(": %s", json_text(line, "channel"));
	if (to[0]) {
		(void)putchar(' ');
		print_clean(to);
	}
}

static void print_more(struct json_object *line)
{
	const char *why = json_text(line, "why");

	print_styled(PRINT_DIM, "... more, not drawn: ");
	if (!strcmp(why, "depth"))
		print_styled(PRINT_DIM, "it goes on for too many hops");
	else if (!strcmp(why, "fan-out"))
		print_styled(PRINT_DIM, "only the newest are");
	else if (!strcmp(why, "files"))
		print_styled(PRINT_DIM, "older files of this name");
	else
		print_styled(PRINT_DIM, "the tree is too large");
}

static void print_line(const struct drawing *drawing, size_t first, size_t end, size_t index)
{
	static int has_lines = -1;
	struct json_object *line = drawing->lines[index];
	const char *kind = json_text(line, "kind");
	char prefix[TREE_PREFIX_SIZE];

	if (has_lines < 0)
		has_lines = !strcmp(nl_langinfo(CODESET), "UTF-8");
	tree_prefix(drawing->depths + first, end - first, index - first, has_lines > 0, prefix);
	print_styled(PRINT_DIM, "%s", prefix);
	if (!strcmp(kind, "exit")) {
		print_exit(line);
	} else if (!strcmp(kind, "more")) {
		print_more(line);
	} else {
		print_how(line, !strcmp(json_text(line, "section"), "from"));
		if (!strcmp(kind, "file"))
			print_file(line);
		else
			print_person(line);
	}
	print_times(line);
	if (json_true(line, "is_drawn_before"))
		print_styled(PRINT_DIM, ", drawn above");
	(void)putchar('\n');
}

/* From one line of a section to where it ends. */
static size_t section_end(const struct drawing *drawing, size_t first)
{
	const char *section = json_text(drawing->lines[first], "section");
	size_t end = first + 1;

	while (end < drawing->count && drawing->depths[end] > 0 &&
		!strcmp(json_text(drawing->lines[end], "section"), section))
		end++;
	return end;
}

static void print_section(
	const struct drawing *drawing, size_t *at, const char *section, const char *title)
{
	size_t end;

	if (*at >= drawing->count ||
		strcmp(json_text(drawing->lines[*at], "section"), section) != 0) {
		print_styled(PRINT_DIM, "%s: nothing is recorded\n", title);
		return;
	}
	print_styled(PRINT_BOLD, "%s\n", title);
	end = section_end(drawing, *at);
	for (size_t i = *at; i < end; i++)
		print_line(drawing, *at, end, i);
	*at = end;
}

static void print_drawing(const struct drawing *drawing)
{
	size_t at = 0;

	while (at < drawing->count) {
		struct json_object *line = drawing->lines[at];

		if (at)
			(void)putchar('\n');
		if (!strcmp(json_text(line, "kind"), "more")) {
			print_more(line);
			(void)putchar('\n');
			at++;
			continue;
		}
		print_file(line);
		(void)putchar('\n');
		at++;
		print_section(drawing, &at, "from", "Came from");
		print_section(drawing, &at, "to", "Went to");
	}
}

/*
 * Its directory, when it is still there, goes along: the file itself may refuse to be opened. The
 * path is the real one as far as it still leads anywhere. -EBADF: no directory.
 */
static int find_file(const char *path, struct local_request *request)
{
	char given[PATH_MAX], copy[PATH_MAX], directory[PATH_MAX];

	if (!realpath(path, given) &&
		(size_t)snprintf(given, sizeof(given), "%s", path) >= sizeof(given))
		return -ENAMETOOLONG;
	for (size_t size = strlen(given); size > 1 && given[size - 1] == '/'; size--)
		given[size - 1] = '\0';
	memcpy(copy, given, sizeof(copy));
	(void)snprintf(request->name, sizeof(request->name), "%s", basename(copy));
	memcpy(copy, given, sizeof(copy));
	if (!realpath(dirname(copy), directory)) { /* gone with its directory */
		(void)snprintf(request->path, sizeof(request->path), "%s", given);
		request->name[0] = '\0';
		return given[0] == '/' ? -EBADF : -ENOENT;
	}
	if ((size_t)snprintf(request->path, sizeof(request->path), "%s/%s",
		    !strcmp(directory, "/") ? "" : directory,
		    request->name) >= sizeof(request->path))
		return -ENAMETOOLONG;
	return open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int cli_lineage(int argc, char **argv)
{
	static struct drawing drawing; /* too large for the stack */
	struct local_request request = {.type = LOCAL_LINEAGE};
	auto_close int fd = -EBADF;
	int r;

	r = options_json(argc, argv, usage, &drawing.is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	if (argc - optind != 1) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	fd = find_file(argv[optind], &request);
	if (fd == -ENAMETOOLONG || fd == -ENOENT) {
		(void)fprintf(stderr, "holdfast: %s: %s\n", argv[optind],
			fd == -ENOENT ? "its directory is gone: give the whole path"
				      : strerror(-fd));
		return CLI_REFUSED;
	}
	r = client_ask(&request, fd, keep_line, &drawing);
	print_drawing(&drawing);
	for (size_t i = 0; i < drawing.count; i++)
		(void)json_object_put(drawing.lines[i]); /* freed */
	return r;
}
