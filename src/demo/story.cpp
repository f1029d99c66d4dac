#include "demo/story.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>

#include "data/json.h"
#include "demo/stage.h"

namespace slipway::demo {
namespace {

namespace fs = std::filesystem;

constexpr int kWrongUsage = 2;
constexpr int kInterrupted = 130;

std::string own_path() { return fs::read_symlink("/proc/self/exe").string(); }

Options defaults() {
  Options options;
  options.slipway = own_path();
  const fs::path build = fs::path(options.slipway).parent_path();
  options.programs = (build / "examples").string();
  options.manifests = (build.parent_path() / "examples" / "shop").string();
  options.data_dir = (build / "demo" / "cluster").string();
  options.report = (build / "demo-report.json").string();
  return options;
}

void describe(CLI::App& app, Options& o) {
  app.footer("Examples:\n  slipway demo\n  slipway demo --once --runtime loopback");
  app.add_flag("--once", o.once, "end by itself; exit 0 only if every outcome was observed");
  app.add_option("--data-dir", o.data_dir, "where the cluster lives; made anew")->capture_default_str();
  app.add_option("--port", o.port, "port of the API; the gateway uses the next one; 0: any that are free")
      ->capture_default_str();
  app.add_option("--report", o.report, "where the measurements go")->capture_default_str();
  app.add_option("--runtime", o.runtime, "how pods run: auto, isolated, loopback")
      ->check(CLI::IsMember({"auto", "isolated", "loopback"}))
      ->capture_default_str();
  app.add_option("--manifests", o.manifests, "folder of the example's manifests")->capture_default_str();
}

// A folder that holds something else is not ours to empty.
base::Result<void> check_folder(const std::string& path) {
  std::error_code absent;
  if (fs::is_empty(path, absent) || absent || fs::is_directory(path + "/pki")) return {};
  return base::fail(base::Code::Invalid,
                    path +
                        " holds something that is not a cluster of slipway, and the demo would delete it: choose "
                        "another --data-dir");
}

// Whatever an earlier run left behind.
void clear_away(Stage& stage) {
  if (fs::exists(stage.options.data_dir))
    (void)stage.slipway({"down", "--data-dir", stage.options.data_dir}).has_value();
  std::error_code ignored;
  fs::remove_all(stage.options.data_dir, ignored);
}

// Stops the cluster; a failed run keeps its folder, so that the logs can be read.
void stop(Stage& stage, bool keep) {
  if (!keep) return clear_away(stage);
  (void)stage.slipway({"down", "--data-dir", stage.options.data_dir}).has_value();
  stage.narrator.line("logs: " + stage.options.data_dir + "/server.log and " + stage.options.data_dir + "/logs");
}

base::Result<void> tell(Stage& stage) {
  for (auto chapter : {chapter_start, chapter_rolling, chapter_canary, chapter_bad, chapter_restart})
    if (auto told = chapter(stage); !told) return told;
  return {};
}

void write_report(const Stage& stage) {
  std::ofstream out(stage.options.report);
  out << data::to_pretty_json(to_value(stage.report)) << '\n';
}

void say_how_to_look(Stage& stage) {
  const std::string& dir = stage.options.data_dir;
  stage.narrator.chapter("It is all still running. Look around:");
  stage.narrator.line(fmt::format("export KUBECONFIG={}/kubeconfig", dir));
  stage.narrator.line(fmt::format("{} status web -n shop        and: watch, explain, history", stage.options.slipway));
  stage.narrator.line("kubectl get pods -n shop         the real kubectl");
  stage.narrator.line(
      fmt::format("curl -H 'Host: web.shop.example' http://{}/", stage.endpoints["gateway"].as_string()));
  stage.narrator.line(fmt::format("metrics: {}", stage.endpoints["metrics"].as_string()));
  stage.narrator.line(fmt::format("stop it: {} down --data-dir {}", stage.options.slipway, dir));
}

// Ctrl-C: the cluster goes on as every server in the background does, and the person is told how to end it.
std::string farewell;

void say_farewell(int) {
  [[maybe_unused]] const ssize_t written = write(2, farewell.data(), farewell.size());
  _exit(kInterrupted);
}

void listen_for_interrupts(const Options& o) {
  farewell = fmt::format("\ninterrupted; the cluster goes on. Stop it: {} down --data-dir {}\n", o.slipway, o.data_dir);
  signal(SIGINT, say_farewell);
  signal(SIGTERM, say_farewell);
}

int conclude(Stage& stage, const base::Result<void>& told) {
  write_report(stage);
  std::vector<std::string> wrong = shortcomings(stage.report);
  if (!told) wrong = {told.error().message};
  stage.narrator.chapter(wrong.empty() ? "Everything was observed as it has to be."
                                       : "Not everything was as it has to be:");
  for (const std::string& one : wrong) stage.narrator.bad(one);
  stage.narrator.line("report: " + stage.options.report);
  return wrong.empty() ? 0 : 1;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  CLI::App app{"The story of a release on this machine: a good canary, a bad one that is taken back, a killed server.",
               "slipway demo"};
  Stage stage{.options = defaults(), .narrator = Narrator(Narrator::stdout_is_terminal())};
  describe(app, stage.options);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kWrongUsage;
  }
  const bool leave_running = !stage.options.once && stage.narrator.terminal();
  if (auto ours = check_folder(stage.options.data_dir); !ours)
    return fmt::print(stderr, "error: {}\n", ours.error().message), kWrongUsage;
  clear_away(stage);
  listen_for_interrupts(stage.options);
  const auto told = tell(stage);
  const int code = conclude(stage, told);
  if (stage.load) (void)stage.load->stop().has_value();
  if (leave_running && told)
    say_how_to_look(stage);
  else
    stop(stage, code != 0);
  return code;
}

}  // namespace slipway::demo
