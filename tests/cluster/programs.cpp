#include "programs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/file.h"

namespace slipway::tests {
namespace {

std::vector<std::string> command_of(std::vector<std::string> arguments) {
  std::vector<std::string> argv = {"setpriv", "--pdeathsig", "KILL", SLIPWAY_BUILD_DIR "/slipway"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

}  // namespace

runtime::Child start_slipway(std::vector<std::string> arguments, const std::string& log,
                             const std::vector<std::string>& environment) {
  auto child =
      runtime::Child::start(command_of(std::move(arguments)), {.environment = environment, .output_path = log});
  if (!child) {
    ADD_FAILURE() << child.error().message;
    std::abort();
  }
  return std::move(*child);
}

runtime::Finished run_slipway(std::vector<std::string> arguments) {
  const std::string log = SLIPWAY_BUILD_DIR "/cluster-beds/run-" + std::to_string(::getpid()) + ".log";
  std::filesystem::remove(log);
  auto finished = runtime::run_program(command_of(std::move(arguments)), {.output_path = log});
  if (!finished) return {.status = -1, .output = finished.error().message};
  finished->output = runtime::read_file(log).value_or("");
  std::filesystem::remove(log);
  return std::move(*finished);
}

}  // namespace slipway::tests
