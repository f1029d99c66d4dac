// From the arguments of the process to one command with its options. Pure: nothing is contacted, nothing printed.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "cli/cli.h"

namespace slipway::cli {

enum class Format { Text, Wide, Json, Yaml, Name };

// How far a command waits for a release, and where it writes what came of it.
struct Until {
  enum class Goal { Now, Healthy, Paused, Done, Step } goal = Goal::Now;
  int step = 0;                                     // 1-based, for Step
  base::Duration timeout = base::Duration::zero();  // zero: as long as it takes
  std::string summary = {};                         // a file that gets a Markdown table; empty: none
  bool operator==(const Until&) const = default;
};

// Options that every command which talks to a cluster has.
struct Connection {
  std::string kubeconfig, context, space, data_dir;
  bool all_spaces = false;
};

struct Deploy {
  std::string name;
  std::vector<std::string> images, files;
  bool restart = false;  // the same template again, in new pods
  bool watch = false;
  Until until;
};
struct Status {
  std::string name;
  Until until;
  Format format = Format::Text;
};
struct Watch {
  std::string name;
  Until until;
  Format format = Format::Text;
};
struct List {
  Format format = Format::Text;
};
struct Plan {
  std::string name;
  std::vector<std::string> files;
  Format format = Format::Text;
  bool measure = false;  // ask each metric once
};
struct Promote {
  std::string name, reason;
  bool full = false;
  bool now = false;
  std::string variant = {};      // of an A/B test
  std::optional<int> step = {};  // that it goes on with
  bool yes = false;              // without a question
};
struct Pause {
  std::string name;
  bool paused = true;
  bool all = false;  // resume: ends a stop
};
struct Stop {
  bool all = false;
  std::string reason;
};
struct Abort {
  std::string name, reason;
};
struct Retry {
  std::string name, reason;
};
struct Back {
  std::string name, reason;
};
// What a request says beside the user's key, as NAME=VALUE.
struct Saying {
  std::vector<std::string> attributes, headers, cookies, queries;
};
struct CohortWho {
  std::string user, release;  // release: only this one
  Saying saying;
  Format format = Format::Text;
};
struct CohortPreview {
  std::string users;  // a file, or "-"
  std::string release;
  std::vector<std::string> files;  // Cohorts, and Releases, that are not in the cluster yet
  Format format = Format::Text;
};
struct Undo {
  std::string name, reason;
  std::optional<std::int64_t> to;
  bool yes = false, watch = false;
  Until until;
};
struct History {
  std::string name;
  Format format = Format::Text;
};
struct Diff {
  std::string name;
  std::optional<std::int64_t> from = {};  // absent: the stable one
  std::optional<std::int64_t> to = {};    // absent: what the Deployment asks for; without `from`, the one that is held
  Format format = Format::Text;
};
struct Explain {
  std::string name;
  std::string at = {};  // a time, or how long ago; empty: now
  std::optional<std::int64_t> revision;
  Format format = Format::Text;
};
struct Logs {
  std::string name, container;
  bool canary = false, stable = false, follow = false, previous = false;
  std::int64_t tail = -1;
};
struct Get {
  std::vector<std::string> what;
  std::string selector, field_selector;
  Format format = Format::Text;
  bool headers = true;
};
struct Apply {
  std::vector<std::string> files;
  bool force = false, dry_run = false;
  std::string manager = "slipway";
  Format format = Format::Text;
};
struct Delete {
  std::vector<std::string> what, files;
  std::string selector;
  bool ignore_absent = false;
};
struct Version {
  bool client_only = false;
  Format format = Format::Text;
};
// Where the controllers are, and which Releases are theirs.
struct Placement {
  std::string space = "slipway-system";
  std::vector<std::string> spaces = {};  // empty: of all namespaces
};
// The CustomResourceDefinitions need rights in the whole cluster; an administrator may see to them alone.
enum class Definitions { Too, Not, Only };
struct Install {
  Placement placement;
  std::string image;
  Format format = Format::Text;  // Yaml: print the manifest instead of applying it
  Definitions definitions = Definitions::Too;
  bool gateway = false;  // also the gateway of a GatewayClass
};
struct Uninstall {
  Placement placement;
  Definitions definitions = Definitions::Too;
  bool yes = false;
};
struct Help {
  std::string text;
};
struct Extra {
  std::size_t index = 0;
  std::vector<std::string> arguments;
};

using Command = std::variant<Deploy, Status, Watch, List, Plan, Promote, Pause, Stop, Abort, Retry, Back, CohortWho,
                             CohortPreview, Undo, History, Diff, Explain, Logs, Get, Apply, Delete, Install, Uninstall,
                             Version, Help, Extra, UpOptions, DownOptions, ControllerOptions, GatewayOptions,
                             NodeOptions, ImageImportOptions, ImageListOptions>;

struct Invocation {
  Connection connection;
  Command command;
  std::string color = "auto";  // auto, always, never
};

// What to print instead of running anything.
struct Refusal {
  std::string text;
  ExitCode code = ExitCode::Usage;
};

// `program` is the name in usage lines; `extra` are the program's own commands.
std::expected<Invocation, Refusal> parse_command_line(const std::vector<std::string>& arguments, const Backend& backend,
                                                      const std::string& program = "slipway");

}  // namespace slipway::cli
