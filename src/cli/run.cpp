// One command from its arguments to its exit code.
#include <iostream>

#include "cli/cli.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/exit.h"

namespace slipway::cli {
namespace {

template <class Options>
int pass_on(const std::function<int(const Options&)>& function, const Options& options, Terminal& terminal) {
  if (function) return function(options);
  terminal.talk("this program was built without that command");
  return to_int(ExitCode::Failed);
}

// Runs one alternative of Command: here, or in the backend.
class Runner {
 public:
  Runner(const Invocation& invocation, const Backend& backend, Terminal& terminal)
      : invocation_(invocation), backend_(backend), terminal_(terminal) {}

  int operator()(const UpOptions& o) { return pass_on(backend_.up, o, terminal_); }
  int operator()(const DownOptions& o) { return pass_on(backend_.down, o, terminal_); }
  int operator()(const ControllerOptions& o) { return pass_on(backend_.controller, o, terminal_); }
  int operator()(const GatewayOptions& o) { return pass_on(backend_.gateway, o, terminal_); }
  int operator()(const NodeOptions& o) { return pass_on(backend_.node, o, terminal_); }
  int operator()(const ImageImportOptions& o) { return pass_on(backend_.image_import, o, terminal_); }
  int operator()(const ImageListOptions& o) { return pass_on(backend_.image_list, o, terminal_); }
  int operator()(const Extra& extra) { return backend_.extra[extra.index].run(extra.arguments); }
  int operator()(const Help&) { return to_int(ExitCode::Reached); }

  // What can be done without a cluster must not need one.
  int operator()(const Version& version) {
    if (version.client_only) return offline(version);
    const auto api = connect(invocation_.connection);
    if (api) return with(**api, version);
    Version own = version;
    own.client_only = true;
    offline(own);
    return to_int(tell(terminal_, api.error()));
  }
  int operator()(const Plan& plan) { return plan.files.empty() ? online(plan) : offline(plan); }
  int operator()(const CohortPreview& preview) { return preview.files.empty() ? online(preview) : offline(preview); }

  int operator()(const Install& install) {
    if (install.format != Format::Yaml) return online(install);
    terminal_.data(install_manifest(install));
    return to_int(ExitCode::Reached);
  }

  template <class Options>
  int operator()(const Options& options) {
    return online(options);
  }

 private:
  template <class Options>
  int online(const Options& options) {
    const auto api = connect(invocation_.connection);
    if (!api) return to_int(tell(terminal_, api.error()));
    return with(**api, options);
  }

  template <class Options>
  int offline(const Options& options) {
    NoCluster nothing;
    return with(nothing, options);
  }

  template <class Options>
  int with(Api& api, const Options& options) {
    Setting setting{api, terminal_, invocation_.connection.all_spaces};
    if constexpr (std::is_same_v<Options, Uninstall>) setting.standby = standby_for(options.placement);
    return to_int(run(setting, options));
  }

  std::function<std::shared_ptr<void>()> standby_for(const Placement& placement) const {
    if (!backend_.standby) return {};
    return [this, placement] {
      return backend_.standby({.kubeconfig = invocation_.connection.kubeconfig,
                               .context = invocation_.connection.context,
                               .lease_space = placement.space,
                               .spaces = placement.spaces,
                               .releases_only = true});
    };
  }

  struct NoCluster final : Api {
    base::Result<data::Value> call(client::Request) override { return none(); }
    base::Result<std::string> fetch(const std::string&, const std::string&) override { return none(); }
    base::Result<void> stream(const std::vector<std::string>&,
                              const std::function<bool(std::size_t, std::string_view)>&) override {
      return none();
    }
    bool pause(base::Duration) override { return false; }
    base::Time now() override { return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()); }
    static std::unexpected<base::Error> none() {
      return base::fail(base::Code::Unavailable, "this command works without a cluster");
    }
  };

  const Invocation& invocation_;
  const Backend& backend_;
  Terminal& terminal_;
};

}  // namespace

ExitCode tell(Terminal& terminal, const base::Error& error) {
  terminal.talk("error: " + error.message);
  for (const base::Cause& cause : error.causes)
    terminal.talk("  " + (cause.field.empty() ? "" : cause.field + ": ") + cause.message);
  if (error.code == base::Code::Unauthorized || error.code == base::Code::Forbidden)
    terminal.talk("  (who you are comes from the kubeconfig: --kubeconfig, --context)");
  return exit_code_of(error);
}

ExitCode tell(Setting& s, const base::Error& error) {
  const ExitCode code = tell(s.terminal, error);
  const bool here = s.api.server().starts_with("https://127.") || s.api.server().starts_with("https://localhost");
  if (here && error.code == base::Code::Unavailable)
    s.terminal.talk("  (slipway up --detach starts the embedded cluster, with --data-dir if it has one)");
  return code;
}

int run(int argc, char** argv, const Backend& backend) {
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const auto invocation = parse_command_line(arguments, backend);
  if (!invocation) {
    const Refusal& refusal = invocation.error();
    (refusal.code == ExitCode::Reached ? std::cout : std::cerr) << refusal.text << std::flush;
    return to_int(refusal.code);
  }
  Terminal terminal(invocation->color);
  return std::visit(Runner(*invocation, backend, terminal), invocation->command);
}

}  // namespace slipway::cli
