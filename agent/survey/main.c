/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-survey: started by holdfastd now and then, as root; opens the few files that only root
 * reads, becomes uplink's user, writes what it found out into uplink's runtime directory and ends. Reads
 * what the kernel and the firmware say of this machine; no network, no socket, no child.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/ipc/console_files.h"
#include "agent/survey/survey.h"
#include "common/file.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

static void restrict_self(const char *user)
{
	struct privileges wanted = {.group = (gid_t)-1};
	int r;

	r = privileges_find_user(user, &wanted.uid, &wanted.gid);
	if (r < 0)
		fatal("there is no user '%s', stopping", user);
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static void write_facts(int directory_fd, const char *name, mode_t mode, struct json_object *facts)
{
	struct file_content content = {.mode = mode, .group = FILE_GROUP_NONE};
	int r;

	content.bytes = json_object_to_json_string_ext(facts, JSON_C_TO_STRING_PLAIN);
	if (!content.bytes)
		fatal("no memory, stopping");
	content.size = strlen(content.bytes);
	r = file_replace(directory_fd, name, &content);
	if (r < 0)
		fatal("cannot write '%s': %s, stopping", name, strerror(-r));
}

static int directory_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fatal("cannot open '%s': %m, stopping", path);
	return fd;
}

/* When it was looked, by a clock that nobody sets: what is too old counts no more. */
static void add_time(struct json_object *posture)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		(void)json_object_object_add(posture, "looked",
			json_object_new_int64(now.tv_sec)); /* without memory: too old */
}

/* ROOT is for tests. */
int main(int argc, char **argv)
{
	struct survey survey = {0};
	int directory_fd;

	if (argc != 3 && argc != 4) {
		(void)fprintf(stderr, "holdfast-survey is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-survey", false);
	(void)umask(022); /* returns the old one */
	survey.root_fd = directory_open(argc == 4 ? argv[3] : "/");
	survey_secrets_open(survey.root_fd, &survey.secrets);
	if (argc == 3) { /* of this very machine */
		survey.secrets.lsm_programs = survey_lsm_programs();
		survey_processor(&survey.processor);
	}
	directory_fd = directory_open(argv[2]);
	survey.facts = json_object_new_object();
	survey.posture = json_object_new_object();
	restrict_self(argv[1]);
	survey_machine(&survey);
	survey_posture(&survey);
	survey_disk(&survey);
	survey_openness(&survey);
	survey_measured(&survey);
	survey_virtual(&survey);
	survey_agent_files(&survey);
	survey_accounts(&survey);
	fact_add(&survey, "agent", HOLDFAST_VERSION);
#ifdef NDEBUG
	fact_add(&survey, "build", "release");
#else
	fact_add(&survey, "build", "debug");
#endif
	add_time(survey.posture);
	write_facts(directory_fd, SURVEY_NAME, 0600, survey.facts);
	write_facts(directory_fd, POSTURE_NAME, 0644, survey.posture);
	(void)json_object_put(survey.facts);   /* freed */
	(void)json_object_put(survey.posture); /* freed */
	return EXIT_SUCCESS;
}
