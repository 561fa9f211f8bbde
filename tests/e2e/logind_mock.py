#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""systemd-logind, as far as holdfast-verify asks it, on the bus that DBUS_SYSTEM_BUS_ADDRESS names. Commands
come by lines on the standard input; each is answered with a line when the signals are sent:
add ID UID SEAT TYPE | set ID PROPERTY VALUE | remove ID | lock ID | sleep BOOL | inhibitors"""
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

SESSION = "org.freedesktop.login1.Session"
MANAGER = "org.freedesktop.login1.Manager"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Session(dbus.service.Object):
    def __init__(self, bus, name, uid, seat, kind):
        self.path = "/org/freedesktop/login1/session/_3" + name
        super().__init__(bus, self.path)
        self.name, self.uid, self.seat = name, uid, "" if seat == "-" else seat
        self.values = {"Id": name, "Type": kind, "Active": dbus.Boolean(True),
                       "LockedHint": dbus.Boolean(False), "IdleHint": dbus.Boolean(False),
                       "IdleSinceHintMonotonic": dbus.UInt64(0), "Timestamp": dbus.UInt64(1)}

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        assert interface == SESSION
        return {**self.values,
                "User": dbus.Struct((dbus.UInt32(self.uid), dbus.ObjectPath("/u")), signature="uo"),
                "Seat": dbus.Struct((self.seat, dbus.ObjectPath("/s")), signature="so")}

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalid):
        pass

    @dbus.service.signal(SESSION, signature="")
    def Lock(self):
        pass


class Manager(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/org/freedesktop/login1")
        self.bus, self.sessions, self.inhibitors = bus, {}, []

    @dbus.service.method(MANAGER, out_signature="a(susso)")
    def ListSessions(self):
        return dbus.Array([(one.name, dbus.UInt32(one.uid), "user", one.seat, dbus.ObjectPath(one.path))
                           for one in self.sessions.values()], signature="(susso)")

    @dbus.service.method(MANAGER, in_signature="ssss", out_signature="h")
    def Inhibit(self, what, who, why, mode):
        assert (what, mode) == ("sleep", "delay")
        ours, theirs = os.pipe()
        self.inhibitors.append(ours)
        fd = dbus.types.UnixFd(theirs)
        os.close(theirs)
        return fd

    @dbus.service.signal(MANAGER, signature="so")
    def SessionNew(self, name, path):
        pass

    @dbus.service.signal(MANAGER, signature="so")
    def SessionRemoved(self, name, path):
        pass

    @dbus.service.signal(MANAGER, signature="b")
    def PrepareForSleep(self, begins):
        pass

    def held(self):
        """Inhibitors that are not let go of."""
        import select
        return sum(not select.select([fd], [], [], 0)[0] for fd in self.inhibitors)

    def run(self, verb, *words):
        if verb == "add":
            one = Session(self.bus, words[0], int(words[1]), words[2], words[3])
            self.sessions[words[0]] = one
            self.SessionNew(one.name, one.path)
        elif verb == "set":
            one, name = self.sessions[words[0]], words[1]
            value = (dbus.UInt64(words[2]) if name.startswith("IdleSince") else
                     dbus.Boolean(words[2] == "true"))
            one.values[name] = value
            one.PropertiesChanged(SESSION, {name: value}, [])
        elif verb == "remove":
            one = self.sessions.pop(words[0])
            self.SessionRemoved(one.name, one.path)
            one.remove_from_connection()
        elif verb == "lock":
            self.sessions[words[0]].Lock()
        elif verb == "sleep":
            self.PrepareForSleep(words[0] == "true")
        elif verb == "inhibitors":
            return str(self.held())
        return "done"


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    manager = Manager(bus)
    name = dbus.service.BusName("org.freedesktop.login1", bus)
    loop = GLib.MainLoop()

    def on_line(source, condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        print(manager.run(*line.split()), flush=True)
        return True

    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, on_line)
    print("ready", flush=True)
    loop.run()
    del name


if __name__ == "__main__":
    main()
