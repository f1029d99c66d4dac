// sim [--seeds N] [--from S] [--trace] [--no-faults]: runs worlds one seed after the other and stops at the first that
// fails.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "rehearse/seed.h"

int main(int argc, char** argv) {
  CLI::App app{
      "Simulates releases in whole worlds with injected faults. Each seed is one world; a failing seed fails the same "
      "way again.",
      "./dev sim"};
  std::uint64_t from = 1, seeds = 200;
  slipway::rehearse::SeedOptions options;
  bool no_faults = false, keep_going = false;
  app.add_option("--seeds", seeds, "how many worlds")->capture_default_str();
  app.add_option("--from", from, "the first seed")->capture_default_str();
  app.add_flag("--trace", options.trace, "print every change of the release");
  app.add_flag("--no-faults", no_faults, "nothing goes wrong");
  app.add_flag("--keep-going", keep_going, "do not stop at the first failing seed");
  CLI11_PARSE(app, argc, argv);
  options.faults = !no_faults;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const auto result = slipway::rehearse::run_seed(seed, options);
    fmt::print("seed {:<6} {}  {:<44} {:>10} virtual, {} writes, {} decisions\n", seed, result.problem ? "✗" : "✔",
               result.story, slipway::base::human_duration(result.virtual_time), result.writes, result.decisions);
    if (!result.problem) continue;
    ++failed;
    fmt::print("  {}\n  again: ./dev sim --seeds 1 --from {} --trace{}\n", *result.problem, seed,
               no_faults ? " --no-faults" : "");
    if (!keep_going) return 1;
  }
  fmt::print("{} of {} worlds ended well\n", seeds - failed, seeds);
  return failed ? 1 : 0;
}
