/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this machine is, for its record at the console: hardware, and how far it can be trusted. Each
 * fact is a short text by a name that the console knows (console/store/device_record.h); what can't
 * be found out is left out. Below a directory, "/" but for tests.
 */
#ifndef HOLDFAST_AGENT_SURVEY_SURVEY_H
#define HOLDFAST_AGENT_SURVEY_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SURVEY_TEXT_SIZE 128 /* of a fact; longer ones are cut */

#define SURVEY_ACCOUNTS	     32	  /* that are told; more are not */
#define SURVEY_ACCOUNTS_SIZE 1024 /* bytes of their text */

struct json_object;

/* What only root reads; opened before root is given up. -EBADF: is not there. */
struct survey_secrets {
	int serial, board_serial, uuid;
};

struct survey {
	int root_fd;
	struct survey_secrets secrets;
	struct json_object *facts;
};

/* Before the privileges go: what can't be opened is not known. Its descriptors are the caller's. */
void survey_secrets_open(int root_fd, struct survey_secrets *ret_secrets);
/* machine.c: os, kernel, vendor, product, serial, uuid, cpu, cpus, memory_mb, mac, machine. */
void survey_machine(const struct survey *survey);
/* posture.c: secure_boot, lockdown, lsm, bpf_lsm, root_encrypted, tpm, ptrace_scope. */
void survey_posture(const struct survey *survey);
/* accounts.c: accounts, a line each: "1764500000 alice", since when and who. */
void survey_accounts(const struct survey *survey);

/* fact.c: the first line of a file, printable, without spaces at its ends. False: nothing in it. */
bool fact_read(int directory_fd, const char *path, char ret_text[SURVEY_TEXT_SIZE]);
bool fact_read_fd(int fd, char ret_text[SURVEY_TEXT_SIZE]);
/* Nothing for "". */
void fact_add(const struct survey *survey, const char *name, const char *text);
/* Calls visit for each line of a file, without its newline, until it answers false. */
void fact_lines(int directory_fd, const char *path, bool (*visit)(const char *line, void *userdata),
	void *userdata);

#endif
