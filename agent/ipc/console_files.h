/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files by which uplink and the rest of the agent meet; each is replaced whole, so that neither waits
 * for the other.
 */
#ifndef HOLDFAST_AGENT_IPC_CONSOLE_FILES_H
#define HOLDFAST_AGENT_IPC_CONSOLE_FILES_H

/* How it stands with the console: a JSON object, in uplink's directory below the runtime directory. */
#define CONSOLE_STATUS_DIRECTORY "uplink"
#define CONSOLE_STATUS_NAME	 "console.json"
#define CONSOLE_STATUS_MAX	 4096 /* bytes */

/*
 * What this machine is: a JSON object of short texts, by holdfast-survey, in the same directory; and
 * what of it the engine knows, in the runtime directory: "enforcing" is "yes", "no" or, after a start,
 * not known yet.
 */
#define SURVEY_NAME	     "device.json"
#define ENFORCEMENT_NAME     "enforcement.json"
#define ENFORCEMENT_STARTING "starting"
#define SURVEY_MAX	     4096 /* bytes */

/* Of the survey, in uplink's directory, what a policy may require (common/posture.h): for everybody. */
#define POSTURE_NAME "posture.json"

/*
 * The console's word of this device's trust (common/lease.h), in uplink's state directory; and what
 * the engine makes of it, in the runtime directory: a JSON object, "lease" = seconds by the policy.
 */
#define LEASE_FILE "lease.word"
#define TRUST_NAME "trust.json"

/*
 * What hinders an enrolment by a file that MDM left, in the runtime directory: {"trouble": text}. Root's
 * holdfast-enrol.service writes it, and takes it away when the device is enrolled.
 */
#define ENROL_TROUBLE_NAME "enrol-trouble.json"

/* The console's policy, in uplink's state directory; policy/bundle.h. */
#define BUNDLE_FILE "policy.bundle"

#endif
