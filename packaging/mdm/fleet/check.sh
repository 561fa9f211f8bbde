#!/bin/sh
# Fleet: a script to run on a host whose policy fails. It says what is wrong.
holdfast compliance --require AgentRuns --require Enforcing --require Trusted --require PolicyCurrent || {
	holdfast doctor
	exit 1
}
