/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast enrol: writes what uplink needs to join, and waits for what becomes of it. MDM leaves all
 * of it in one file, which is gone when it has served: holdfast-console.ini(5).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <json-c/json.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/console.h"
#include "agent/cli/enrol_file.h"
#include "agent/ipc/console_files.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/uuid.h"

#define DIRECTORY   "/etc/holdfast"
#define CONFIG_NAME "console.ini"
#define CA_NAME	    "console-ca.pem"
#define TOKEN_NAME  "enrol.token"
#define GROUP	    "holdfast-uplink"
#define WAIT_MS	    500
#define WAIT_TRIES  120

static const char usage[] =
	"usage: holdfast enrol --console URL[,URL] --ca FILE [--token-file FILE] [--name NAME]\n"
	"                      [--proxy URL] [--key auto|tpm|file] [--no-wait]\n"
	"       holdfast enrol --from FILE\n"
	"Joins this device to an organisation's console. Root. FILE of --ca is the console's root\n"
	"certificate, as holdfast-console(8) made it; the token is read from standard input "
	"unless\n"
	"--token-file names a file, so that it appears in no list of processes.\n"
	"--key tpm enrols with a key in the machine's TPM or not at all; else a TPM is used where "
	"there is one.\n"
	"Ends when the console has answered; --no-wait leaves that to the agent.\n"
	"--from takes all of it from a file that MDM left (holdfast-console.ini(5)), and erases "
	"the\n"
	"file when the device is enrolled; the agent does so itself with " DIRECTORY
	"/enroll.ini.\n";

#define TROUBLE_SIZE 256

struct enrolment {
	const char *consoles, *name, *proxy, *key;
	const char *ca, *token_file; /* files to read, where the text is not given */
	const char *ca_text, *token_text;
	bool is_waiting;
};

static ssize_t file_read(const char *path, char *ret_text, size_t size)
{
	auto_close int fd = !strcmp(path, "-") ? dup(STDIN_FILENO)
					       : open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t got = read(fd, ret_text + used, size - used);

		if (got < 0)
			return -errno;
		if (got == 0)
			return (ssize_t)used;
		used += (size_t)got;
		if (used == size)
			return -EFBIG;
	}
}

/* Readable by uplink when it is secret, by everybody else when not. */
static int file_write(
	int directory_fd, const char *name, const char *text, size_t size, bool is_secret)
{
	const struct group *group = is_secret ? getgrnam(GROUP) : NULL;
	struct file_content content = {
		.bytes = text, .size = size, .mode = 0644, .group = FILE_GROUP_NONE};

	if (is_secret && !group)
		return -ENOENT;
	if (group) {
		content.group = group->gr_gid;
		content.mode = 0640;
	}
	return file_replace(directory_fd, name, &content);
}

static bool is_certificate(const char *text, size_t size)
{
	BIO *memory = BIO_new_mem_buf(text, (int)size);
	X509 *certificate = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
	bool is_one = certificate != NULL;

	X509_free(certificate);
	BIO_free(memory);
	return is_one;
}

static int fail(const char *what, const char *which, int error)
{
	(void)fprintf(stderr, "holdfast: %s '%s': %s\n", what, which, strerror(-error));
	return CLI_REFUSED;
}

static int ca_write(int directory_fd, const char *text, const char *path)
{
	int r;

	if (!is_certificate(text, strlen(text))) {
		(void)fprintf(stderr, "holdfast: '%s' holds no certificate in PEM\n", path);
		return CLI_REFUSED;
	}
	r = file_write(directory_fd, CA_NAME, text, strlen(text), false);
	return r < 0 ? fail("cannot write", DIRECTORY "/" CA_NAME, r) : CLI_DONE;
}

static int ca_copy(int directory_fd, const struct enrolment *enrolment)
{
	static char text[ENROL_FILE_CA_SIZE];
	ssize_t size;

	if (enrolment->ca_text)
		return ca_write(directory_fd, enrolment->ca_text, "ca");
	size = file_read(enrolment->ca, text, sizeof(text) - 1);
	if (size < 0)
		return fail("cannot read the CA", enrolment->ca, (int)size);
	text[size] = '\0';
	return ca_write(directory_fd, text, enrolment->ca);
}

static int token_write(int directory_fd, const char *text, size_t size)
{
	int r = file_write(directory_fd, TOKEN_NAME, text, size, true);

	if (r == -ENOENT) {
		(void)fprintf(
			stderr, "holdfast: there is no group '" GROUP "': is the package whole?\n");
		return CLI_REFUSED;
	}
	return r < 0 ? fail("cannot write", DIRECTORY "/" TOKEN_NAME, r) : CLI_DONE;
}

static int token_copy(int directory_fd, const struct enrolment *enrolment)
{
	const char *path = enrolment->token_file;
	char text[ENROL_FILE_TOKEN_SIZE];
	ssize_t size;
	int r;

	if (enrolment->token_text)
		return token_write(
			directory_fd, enrolment->token_text, strlen(enrolment->token_text));
	if (!path && isatty(STDIN_FILENO))
		(void)fprintf(stderr, "Enrolment token, then Ctrl-D: ");
	size = file_read(path ? path : "-", text, sizeof(text));
	if (size <= 0)
		return fail("cannot read a token from", path ? path : "standard input",
			size < 0 ? (int)size : -ENODATA);
	r = token_write(directory_fd, text, (size_t)size);
	explicit_bzero(text, sizeof(text));
	return r;
}

/* A line for each: holdfast-console.ini(5) bounds a line. False when they do not fit. */
static bool url_lines(const char *consoles, char *ret_lines, size_t size)
{
	size_t used = 0;

	while (*consoles) {
		size_t length = strcspn(consoles, " \t,");
		int written = length ? snprintf(ret_lines + used, size - used, "url = %.*s\n",
					       (int)length, consoles)
				     : 0;

		if (written < 0 || (size_t)written >= size - used)
			return false;
		used += (size_t)written;
		consoles += length + (consoles[length] != '\0');
	}
	return used > 0;
}

static int config_write(int directory_fd, const struct enrolment *enrolment)
{
	char text[4096], urls[3072] = "";
	int size, r;

	if (!url_lines(enrolment->consoles, urls, sizeof(urls)))
		return fail("no consoles, or too many:", enrolment->consoles, -EINVAL);

	size = snprintf(text, sizeof(text),
		"# Written by holdfast enrol; see holdfast-console.ini(5).\n"
		"[console]\n%sca = " DIRECTORY "/" CA_NAME "\n"
		"token-file = " DIRECTORY "/" TOKEN_NAME "\n%s%s%s%s%s%s%s%s%s",
		urls, enrolment->name ? "name = " : "", enrolment->name ? enrolment->name : "",
		enrolment->name ? "\n" : "", enrolment->proxy ? "proxy = " : "",
		enrolment->proxy ? enrolment->proxy : "", enrolment->proxy ? "\n" : "",
		enrolment->key ? "key = " : "", enrolment->key ? enrolment->key : "",
		enrolment->key ? "\n" : "");
	if (size < 0 || (size_t)size >= sizeof(text))
		return fail("too long:", enrolment->consoles, -EMSGSIZE);
	r = file_write(directory_fd, CONFIG_NAME, text, (size_t)size, false);
	return r < 0 ? fail("cannot write", DIRECTORY "/" CONFIG_NAME, r) : CLI_DONE;
}

/* The device that a console refused before, which is no answer to who enrols now; empty: none. */
static void note_refused(char ret_device[UUID_TEXT_SIZE])
{
	struct json_object *status = console_status();
	bool is_refused = !strcmp(json_text(status, "standing"), "refused");

	(void)snprintf(
		ret_device, UUID_TEXT_SIZE, "%s", is_refused ? json_text(status, "device") : "");
	(void)json_object_put(status); /* freed */
}

/* Until the console has said what we are to it; ret_trouble: what hinders, "" = nothing. */
static int wait_for_answer(const char *refused_device, char trouble[TROUBLE_SIZE])
{
	trouble[0] = '\0';

	for (int i = 0; i < WAIT_TRIES; i++) {
		struct json_object *status = console_status();
		const char *standing = json_text(status, "standing");
		bool is_refused = !strcmp(standing, "refused") &&
				  strcmp(json_text(status, "device"), refused_device) != 0;
		bool is_good = !strcmp(standing, "trusted") || !strcmp(standing, "pending");
		bool is_known = is_good || is_refused;

		(void)snprintf(trouble, TROUBLE_SIZE, "%s", json_text(status, "trouble"));
		if (is_known)
			console_print(status);
		(void)json_object_put(status); /* freed */
		if (is_known)
			return is_good ? CLI_DONE : CLI_REFUSED;
		(void)poll(NULL, 0, WAIT_MS);
	}
	(void)fprintf(stderr,
		"holdfast: no answer from the console yet%s%s. The agent goes on trying; see "
		"holdfast status.\n",
		trouble[0] ? ": " : "", trouble);
	return CLI_REFUSED;
}

static int enrol(const struct enrolment *enrolment, char ret_trouble[TROUBLE_SIZE])
{
	auto_close int directory_fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char refused_device[UUID_TEXT_SIZE];
	int r;

	if (directory_fd < 0)
		return fail("cannot open", DIRECTORY, -errno);
	note_refused(refused_device);
	r = ca_copy(directory_fd, enrolment);
	if (r == CLI_DONE)
		r = token_copy(directory_fd, enrolment);
	if (r == CLI_DONE) /* last: it is what uplink waits for */
		r = config_write(directory_fd, enrolment);
	if (r == CLI_DONE && enrolment->is_waiting)
		r = wait_for_answer(refused_device, ret_trouble);
	return r;
}

/* For the engine, which tells of it (agent/engine/reporting.c); no text: there is none any more. */
static void note_trouble(const char *text)
{
	auto_close int fd = open(cli.runtime_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct json_object *note;

	if (fd < 0)
		return; /* no agent runs: who reads the journal has it */
	if (!*text) {
		(void)unlinkat(fd, ENROL_TROUBLE_NAME, 0); /* there was none, most often */
		return;
	}
	note = json_object_new_object();
	if (note && json_object_object_add(note, "trouble", json_object_new_string(text)) == 0) {
		const char *words = json_object_to_json_string(note);

		(void)file_write(
			fd, ENROL_TROUBLE_NAME, words, strlen(words), false); /* likewise */
	}
	(void)json_object_put(note); /* freed */
}

/* What is wrong with a file that nobody watches over is said in the journal and to the engine. */
static int enrol_from(const char *path)
{
	static struct enrol_file file; /* too large for the stack */
	char trouble[ENROL_FILE_ERROR_SIZE] = "";
	struct enrolment enrolment = {.is_waiting = true};
	int r = enrol_file_read(path, &file, trouble);

	if (r < 0) {
		(void)fprintf(
			stderr, "holdfast: %s; it is tried again when the file changes\n", trouble);
		note_trouble(trouble);
		return CLI_USAGE;
	}
	enrolment.consoles = file.consoles;
	enrolment.name = file.name[0] ? file.name : NULL;
	enrolment.proxy = file.proxy[0] ? file.proxy : NULL;
	enrolment.key = file.key[0] ? file.key : NULL;
	enrolment.ca = file.ca_path;
	enrolment.ca_text = file.ca[0] ? file.ca : NULL;
	enrolment.token_file = file.token_path;
	enrolment.token_text = file.token[0] ? file.token : NULL;
	r = enrol(&enrolment, trouble);
	explicit_bzero(&file, sizeof(file));
	if (r != CLI_DONE) {
		note_trouble(trouble[0] ? trouble : "not enrolled yet, see the journal");
		return r;
	}
	note_trouble("");
	r = enrol_file_erase(path);
	if (r == 0) /* from now on the device's certificate is what counts */
		r = enrol_file_erase(DIRECTORY "/" TOKEN_NAME);
	return r < 0 ? fail("enrolled, but cannot erase", path, r) : CLI_DONE;
}

static bool is_place(const char *key)
{
	return !key || !strcmp(key, "auto") || !strcmp(key, "tpm") || !strcmp(key, "file");
}

int cli_enrol(int argc, char **argv)
{
	static const struct option known[] = {{"console", required_argument, NULL, 'c'},
		{"ca", required_argument, NULL, 'a'}, {"token-file", required_argument, NULL, 't'},
		{"name", required_argument, NULL, 'n'}, {"proxy", required_argument, NULL, 'p'},
		{"key", required_argument, NULL, 'k'}, {"from", required_argument, NULL, 'f'},
		{"no-wait", no_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct enrolment enrolment = {.is_waiting = true};
	const char *from = NULL;
	char trouble[TROUBLE_SIZE];
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'c':
			enrolment.consoles = optarg;
			break;
		case 'a':
			enrolment.ca = optarg;
			break;
		case 't':
			enrolment.token_file = optarg;
			break;
		case 'n':
			enrolment.name = optarg;
			break;
		case 'p':
			enrolment.proxy = optarg;
			break;
		case 'k':
			enrolment.key = optarg;
			break;
		case 'f':
			from = optarg;
			break;
		case 'w':
			enrolment.is_waiting = false;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			return CLI_DONE;
		default:
			(void)fputs(usage, stderr);
			return CLI_USAGE;
		}
	}
	if (optind != argc ||
		(from ? enrolment.consoles || enrolment.ca
		      : !enrolment.consoles || !enrolment.ca) ||
		!is_place(enrolment.key)) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	if (geteuid() != 0) {
		(void)fprintf(stderr, "holdfast: only root enrols a device\n");
		return CLI_REFUSED;
	}
	return from ? enrol_from(from) : enrol(&enrolment, trouble);
}
