/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the sensor share: one struct, made by main.c, handed to every handler. Trust:
 * root's child with CAP_BPF, CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH; reads kernel records, udev,
 * directory entries and extended attributes; speaks with the engine only.
 */
#ifndef HOLDFAST_AGENT_SENSOR_SENSOR_H
#define HOLDFAST_AGENT_SENSOR_SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/engine/failure_table.h"
#include "common/channel.h"
#include "agent/ipc/messages.h"
#include "agent/sensor/kernel.h"
#include "agent/sensor/ring.h"
#include "agent/sensor/services.h"

#define SENSOR_PLACE_MAX   4096		 /* path patterns of labels in one policy */
#define SENSOR_EXEMPT_MAX  4096		 /* path patterns in which applications are exempt */
#define SENSOR_PROGRAM_MAX 8192		 /* path patterns of applications */
#define SENSOR_MATCHER_MAX 1024		 /* devices of the policy */
#define SENSOR_READER_MAX  4096		 /* labelled readers told of in one answer */
#define SENSOR_SETTLE_NS   300000000ull	 /* a directory changed: wait for the rest of it */
#define SENSOR_WAIT_NS	   5000000000ull /* but no longer: some never rest */

/* One policy as the sensor needs it. */
struct sensor_policy {
	uint64_t serial;
	bool has_bank, has_gates;
	struct hf_bank bank;
	struct hf_gates gates;
	struct kernel_dest *dests;
	size_t dest_count;
	struct hf_grant_key *grant_keys;
	struct hf_grant *grants;
	size_t grant_count;
	struct message_program *programs;
	size_t program_count;
	struct message_place *places;
	size_t place_count;
	struct message_exempt *exempts;
	size_t exempt_count;
	struct message_matcher *matchers;
	size_t matcher_count;
	struct sensor_services services;
};

struct sensor_label {
	bool is_known;
	uint8_t uuid[MESSAGE_UUID_SIZE];
	char name[MESSAGE_TEXT_SIZE];
};

struct apps;
struct exempts;
struct guard;
struct guard_watch;
struct mark_checks;
struct mark_seal;
struct places;
struct tree;
struct volumes;
struct watch;

struct sensor {
	struct kernel *kernel; /* NULL: this kernel can't; we go on to say so */
	struct kernel_support support;
	struct ring *ring;
	struct channel engine;
	struct sensor_label labels[HF_LABEL_MAX];
	struct sensor_policy *policy;	 /* in force; NULL before the first */
	struct sensor_policy *coming;	 /* between BEGIN and END */
	struct sensor_services services; /* other ones of the policy in force, not whole yet */
	struct mark_seal *seal;		 /* NULL without the kernel part */
	struct mark_checks *checks;
	bool is_restored; /* the database's marks are in: policy may be applied, records sent */
	bool is_watch_pending;
	uint64_t watch_since_ns; /* the last change */
	uint64_t watch_first_ns; /* the first that is pending */
	uint64_t misses_told;	 /* decisions the kernel skipped, as far as the engine knows */
	struct apps *apps;
	struct exempts *exempts;
	struct hf_door door; /* as told to the kernel part; until 0 = shut */
	struct guard_watch *guard_watch;
	bool has_guard_failed; /* told once the engine listens */
	struct guard *guard;   /* NULL without the kernel part */
	struct places *places;
	struct tree *tree;
	struct volumes *volumes;
	struct watch *watch;
};

/* policy.c */
struct sensor_policy *sensor_policy_new(uint64_t serial);
void sensor_policy_free(struct sensor_policy *policy);
/* Adds one message's worth; -EBADMSG on a broken one or past a maximum, -ENOMEM. */
int sensor_policy_add(
	struct sensor_policy *policy, unsigned int type, struct bytes_reader *payload);
/* Makes coming the policy in force, in the kernel first. 0 or negative errno, nothing changed. */
int sensor_policy_apply(struct sensor *sensor);

/* link.c: what the engine says. */
void link_on_message(
	struct sensor *sensor, unsigned int type, struct bytes_reader *payload, int fd);
/* Sends one message to the engine; a full queue is fatal. */
void link_send(struct sensor *sensor, struct bytes_writer *frame);
void link_begin(struct bytes_writer *frame, unsigned int type);
void link_hello(struct sensor *sensor);
void link_failure(struct sensor *sensor, enum failure_reason reason, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* main.c: guards what is there now. */
void sensor_guard(struct sensor *sensor);

/* records.c */
/* Reads the ring as far as the engine keeps up, and sends. */
void records_pump(struct sensor *sensor);
/* Marks that the kernel made are persisted: index to engine. */
void records_persist_dirty(struct sensor *sensor);

#endif
