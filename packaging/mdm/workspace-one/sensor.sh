#!/bin/sh
# Workspace ONE: a sensor of type String, one for each value; this one for "Enforcing".
exec holdfast compliance --value Enforcing
