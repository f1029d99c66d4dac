// Port metrics/process: a value from a program that the administrator has given a name
// (`--metric-process NAME=/path/to/program`). Who writes templates names it and gives arguments, and can never say what
// is run.
//
//   {"program": "NAME", "args": {"key": "text"}, "timeout"?: "10s", "subject": {...}}
//     -> {"value": any | null, "samples"?: n}
//
// The program is started anew for each question, without a shell and without arguments, in / and with an environment
// of PATH and LANG only. It reads one JSON document from its standard input, writes one to its standard output, and
// ends with 0 (docs/metric-processes.md):
//   in   {"version": 1, "args": {...}, "subject": {"namespace", "release", "route", "service", "hash", "role"}}
//   out  {"value": any | null, "samples"?: n}  or  {"error": "why there is no value"}
// At most kMostAtOnce run at once, further questions wait. After the timeout it is killed with all that it started.
// Errors name the program and not its path: NotFound (no such name), Unavailable (it failed), Timeout, TooLarge,
// Invalid (its answer is none). Control loop only.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "control/ports.h"
#include "runtime/real/loop.h"
#include "runtime/real/program.h"

namespace slipway::gateway {

inline constexpr std::size_t kMostAtOnce = 8;
inline constexpr std::size_t kMostProcessOutput = 256u << 10;  // bytes, both outputs together

using MetricPrograms = std::map<std::string, std::string>;  // name -> absolute path

// "NAME=/path/to/program". Invalid: no name (letters, digits, - and .), not an absolute path, named twice, not a
// program that may be run.
base::Result<MetricPrograms> read_metric_programs(const std::vector<std::string>& texts);

class ProcessQuery final : public control::Port {
 public:
  ProcessQuery(runtime::real::Loop& loop, MetricPrograms programs);
  ~ProcessQuery() override;  // kills what runs
  void perform(const std::string& id, const data::Value& what, Done done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// The answer of the port to how a program ended.
base::Result<data::Value> read_process_answer(const std::string& name, const runtime::real::ProgramEnd& end);

}  // namespace slipway::gateway
