// A program run to its end beside a loop: for helpers that print an answer (credential plugins, metrics). Pods and
// long-lived helpers are started by the shim instead.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "runtime/real/loop.h"

namespace slipway::runtime::real {

struct ProgramOptions {
  std::vector<std::string> environment = {};  // "NAME=value", added to our own
  bool clean_environment = false;             // `environment` is all it gets, and it starts in /
  bool with_input = false;   // it may read our standard input, e.g. ask a person; otherwise it reads `input`
  std::string input = {};    // its standard input
  base::Duration limit = base::minutes(5);  // from start to end; then it and what it started are killed
  std::size_t most_output = 1u << 20;       // killed when it prints more
};

struct ProgramEnd {
  int status;                  // exit status, 128 + signal when killed
  std::string output, errors;  // of stdout and stderr
};

// Destroying it kills the program; `done` does not run afterwards.
class RunningProgram {
 public:
  virtual ~RunningProgram() = default;
};

// argv[0] is looked up in PATH when it has no slash. `done` runs on the loop: NotFound when there is no such program,
// Timeout after the limit, TooLarge, else how it ended. It has ended when it is gone and its outputs are closed; what
// it leaves running in its process group is killed then, unless it talks to a person.
std::unique_ptr<RunningProgram> run_program(Loop& loop, std::vector<std::string> argv, ProgramOptions options,
                                            std::move_only_function<void(base::Result<ProgramEnd>)> done);

// Is our standard input a terminal, where a person can be asked?
bool is_interactive();

}  // namespace slipway::runtime::real
