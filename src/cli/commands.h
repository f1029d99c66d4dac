// What each command does, given a cluster and a terminal. They return the exit code; failures are told on the terminal.
#pragma once

#include <functional>
#include <memory>

#include "cli/api.h"
#include "cli/command_line.h"
#include "cli/terminal.h"

namespace slipway::cli {

struct Setting {
  Api& api;
  Terminal& terminal;
  bool all_spaces = false;
  // For uninstall: starts controllers that lead when nobody else does, until what it returns is destroyed. May be
  // empty.
  std::function<std::shared_ptr<void>()> standby = {};
};

// Who gives a command, for its record: the name by which the API server knows the caller, and beside it the one that
// the caller has on this machine, where they differ: "slipway-admin (alice)". Said by the client; the proof of who
// wrote an object is the server's audit log.
std::string person(Setting& s);

// Objects.
ExitCode run(Setting& s, const Get& get);
ExitCode run(Setting& s, const Apply& apply);
ExitCode run(Setting& s, const Delete& remove);
ExitCode run(Setting& s, const Logs& logs);
ExitCode run(Setting& s, const Version& version);

// The controllers of a cluster that others run.
ExitCode run(Setting& s, const Install& install);
ExitCode run(Setting& s, const Uninstall& uninstall);
std::string install_manifest(const Install& install);  // YAML documents

// Releases.
ExitCode run(Setting& s, const List& list);
ExitCode run(Setting& s, const Status& status);
ExitCode run(Setting& s, const Watch& watch);
ExitCode run(Setting& s, const Deploy& deploy);
ExitCode run(Setting& s, const Plan& plan);
ExitCode run(Setting& s, const Promote& promote);
ExitCode run(Setting& s, const Pause& pause);
ExitCode run(Setting& s, const Stop& stop);
ExitCode run(Setting& s, const Abort& abort);
ExitCode run(Setting& s, const Retry& retry);
ExitCode run(Setting& s, const Back& back);
ExitCode run(Setting& s, const Undo& undo);
ExitCode run(Setting& s, const CohortWho& who);
ExitCode run(Setting& s, const CohortPreview& preview);
ExitCode run(Setting& s, const History& history);
ExitCode run(Setting& s, const Diff& diff);
ExitCode run(Setting& s, const Explain& explain);

// The cluster and all Releases of the namespace: `status` without a name.
ExitCode show_overview(Setting& s, Format format);

// Ends a stop of all releases: resume --all.
ExitCode end_stop(Setting& s);

// Says what went wrong, with the causes of an Invalid object and the way out where there is one.
ExitCode tell(Setting& s, const base::Error& error);
ExitCode tell(Terminal& terminal, const base::Error& error);

}  // namespace slipway::cli
