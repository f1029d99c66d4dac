// A child process with pipes, driven by blocking calls: for programs on the command line (the demo, benchmarks, tests),
// never on a control loop. Pods and helpers of a server are started by the shim instead (control::ProcessHost), because
// they outlive it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace slipway::runtime {

struct ChildOptions {
  std::vector<std::string> environment = {};  // "NAME=value", added to our own
  std::string output_path = {};  // stdout and stderr go there, appended; empty: stdout is a pipe, stderr ours
  bool own_session = false;      // survives the terminal: setsid
  bool stderr_too = false;       // stderr goes into the pipe of stdout
};

// Owns the process: destroying it kills (SIGKILL) and reaps, unless `release` was called.
class Child {
 public:
  // argv[0] is looked up in PATH when it has no slash. NotFound when the program is absent.
  static base::Result<Child> start(const std::vector<std::string>& argv, const ChildOptions& options = {});

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  base::Result<void> write_line(std::string_view line);
  // The next line of its stdout; Timeout after `limit`, Unavailable at its end.
  base::Result<std::string> read_line(base::Duration limit);
  std::string read_all();  // stdout until its end
  void signal(int number) const;
  bool running();
  int wait();      // exit status, 128 + signal when killed
  void release();  // let it live on

 private:
  Child() = default;
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1;
  std::string buffer_;
  std::optional<int> status_;
};

// Runs a program to its end. `output` is its stdout.
struct Finished {
  int status;
  std::string output;
};
base::Result<Finished> run_program(const std::vector<std::string>& argv, const ChildOptions& options = {});

}  // namespace slipway::runtime
