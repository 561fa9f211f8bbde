/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast enrol: writes what uplink needs to join, and waits for what becomes of it. MDM writes the
 * same files itself: holdfast-console.ini(5).
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
#include "common/cleanup.h"
#include "common/file.h"
#include "common/uuid.h"

#define DIRECTORY   "/etc/holdfast"
#define CONFIG_NAME "console.ini"
#define CA_NAME	    "console-ca.pem"
#define TOKEN_NAME  "enrol.token"
#define GROUP	    "holdfast-uplink"
#define FILE_MAX    65536
#define WAIT_MS	    500
#define WAIT_TRIES  120

static const char usage[] =
	"usage: holdfast enrol --console URL[,URL] --ca FILE [--token-file FILE] [--name NAME]\n"
	"                      [--proxy URL] [--key auto|tpm|file] [--no-wait]\n"
	"Joins this device to an organisation's console. Root. FILE of --ca is the console's root\n"
	"certificate, as holdfast-console(8) made it; the token is read from standard input "
	"unless\n"
	"--token-file names a file, so that it appears in no list of processes.\n"
	"--key tpm enrols with a key in the machine's TPM or not at all; else a TPM is used where "
	"there "
	"is one.\n"
	"Ends when the console has answered; --no-wait leaves that to the agent.\n";

struct enrolment {
	const char *consoles, *ca, *token_file, *name, *proxy, *key;
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

static int ca_copy(int directory_fd, const char *path)
{
	static char text[FILE_MAX];
	ssize_t size = file_read(path, text, sizeof(text));
	int r;

	if (size < 0)
		return fail("cannot read the CA", path, (int)size);
	if (!is_certificate(text, (size_t)size)) {
		(void)fprintf(stderr, "holdfast: '%s' holds no certificate in PEM\n", path);
		return CLI_REFUSED;
	}
	r = file_write(directory_fd, CA_NAME, text, (size_t)size, false);
	return r < 0 ? fail("cannot write", DIRECTORY "/" CA_NAME, r) : CLI_DONE;
}

static int token_copy(int directory_fd, const char *path)
{
	char text[256];
	ssize_t size;
	int r;

	if (!path && isatty(STDIN_FILENO))
		(void)fprintf(stderr, "Enrolment token, then Ctrl-D: ");
	size = file_read(path ? path : "-", text, sizeof(text));
	if (size <= 0)
		return fail("cannot read a token from", path ? path : "standard input",
			size < 0 ? (int)size : -ENODATA);
	r = file_write(directory_fd, TOKEN_NAME, text, (size_t)size, true);
	explicit_bzero(text, sizeof(text));
	if (r == -ENOENT) {
		(void)fprintf(
			stderr, "holdfast: there is no group '" GROUP "': is the package whole?\n");
		return CLI_REFUSED;
	}
	return r < 0 ? fail("cannot write", DIRECTORY "/" TOKEN_NAME, r) : CLI_DONE;
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

/* Until the console has said what we are to it. */
static int wait_for_answer(const char *refused_device)
{
	char trouble[256] = "";

	for (int i = 0; i < WAIT_TRIES; i++) {
		struct json_object *status = console_status();
		const char *standing = json_text(status, "standing");
		bool is_refused = !strcmp(standing, "refused") &&
				  strcmp(json_text(status, "device"), refused_device) != 0;
		bool is_good = !strcmp(standing, "trusted") || !strcmp(standing, "pending");
		bool is_known = is_good || is_refused;

		(void)snprintf(trouble, sizeof(trouble), "%s", json_text(status, "trouble"));
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

static int enrol(const struct enrolment *enrolment)
{
	auto_close int directory_fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char refused_device[UUID_TEXT_SIZE];
	int r;

	if (directory_fd < 0)
		return fail("cannot open", DIRECTORY, -errno);
	note_refused(refused_device);
	r = ca_copy(directory_fd, enrolment->ca);
	if (r == CLI_DONE)
		r = token_copy(directory_fd, enrolment->token_file);
	if (r == CLI_DONE) /* last: it is what uplink waits for */
		r = config_write(directory_fd, enrolment);
	if (r == CLI_DONE && enrolment->is_waiting)
		r = wait_for_answer(refused_device);
	return r;
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
		{"key", required_argument, NULL, 'k'}, {"no-wait", no_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct enrolment enrolment = {.is_waiting = true};
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
	if (optind != argc || !enrolment.consoles || !enrolment.ca || !is_place(enrolment.key)) {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	if (geteuid() != 0) {
		(void)fprintf(stderr, "holdfast: only root enrols a device\n");
		return CLI_REFUSED;
	}
	return enrol(&enrolment);
}
