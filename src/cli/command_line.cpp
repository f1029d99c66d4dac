#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/strings.h"
#include "cli/exit.h"

namespace slipway::cli {
namespace {

constexpr const char* kModelledHelp =
    "Pods bound to these nodes get an address, become ready, crash and stop in real time, but nothing runs: a stand-in "
    "for a cluster,\n"
    "to try releases on a real API. Annotations of a pod say how it behaves:\n"
    "  rehearse.slipway.dev/start: 800ms         from being placed to ready\n"
    "  rehearse.slipway.dev/never-ready: \"true\"\n"
    "  rehearse.slipway.dev/crash-after: 20s     from being ready to the first crash\n"
    "  rehearse.slipway.dev/stop: 300ms          from being deleted to gone\n"
    "Needs the rights of a node agent: get, list, watch and delete pods; patch pods/status; create nodes, patch "
    "nodes/status; patch\n"
    "leases in kube-node-lease. With --schedule also list and watch nodes, create pods/binding and events.";

constexpr const char* kGatewayHelp =
    "Serves the HTTP listeners of the Gateways whose class has the controllerName slipway.dev/gateway, and the "
    "HTTPRoutes "
    "that they take. Any\nnumber of replicas may run; one of them writes statuses. The controllers of the same lease "
    "namespace read back from all what they do.\nSee docs/gateway-on-clusters.md; `slipway install --gateway` runs it "
    "in a "
    "cluster.";

// As CLI::IsMember, with a message in words.
CLI::Validator one_of(const std::vector<std::string>& words) {
  const auto check = [words](const std::string& text) {
    const bool known = std::ranges::find(words, text) != words.end();
    return known ? std::string() : "\"" + text + "\" is none of: " + base::join(words, ", ");
  };
  return CLI::Validator(check, "");
}

// Builds the tree of commands. Options write into `commands_` of their own type; the one that was typed is copied into
// the invocation at the end, by the callback of its subcommand.
class Tree {
 public:
  Tree(const Backend& backend, const std::string& program)
      : app_("Releases software on Kubernetes, watches it, and takes it back.", program) {
    app_.require_subcommand(0, 1);
    app_.set_help_all_flag("--help-all", "Help of all commands");
    app_.fallthrough();
    app_.add_option("--kubeconfig", out_.connection.kubeconfig,
                    "Path of the kubeconfig; default $KUBECONFIG, then the data directory, then ~/.kube/config");
    app_.add_option("--context", out_.connection.context, "Context of the kubeconfig");
    app_.add_option("-n,--namespace", out_.connection.space, "Namespace; default: the context's");
    app_.add_option("--color", out_.color, "auto, always or never")->check(one_of({"auto", "always", "never"}));
    out_.connection.data_dir = default_data_dir();
    out_.command = Help{};
    start_commands();
    release_commands();
    object_commands();
    other_commands(backend);
    app_.footer(
        "Learn more: slipway COMMAND --help, slipway help exit-codes\nExamples:\n  slipway up --detach\n  slipway "
        "deploy web --image web=shop/web:1.9.0 --watch");
  }

  std::expected<Invocation, Refusal> parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      std::ostringstream out, err;
      const int code = app_.exit(error, out, err);
      return std::unexpected(Refusal{out.str() + err.str(), code == 0 ? ExitCode::Reached : ExitCode::Usage});
    }
    if (!problem_.empty()) return std::unexpected(Refusal{problem_ + "\n", ExitCode::Usage});
    if (auto* help = std::get_if<Help>(&out_.command)) return help_text(help->text);
    return std::move(out_);
  }

 private:
  template <class T>
  T& options() {
    auto held = std::make_shared<T>();
    keep_.push_back(held);
    return *held;
  }

  // A subcommand whose options are `T`; `check` may refuse what it finds, with a text.
  template <class T>
  CLI::App* command(const std::string& name, const std::string& summary, const std::string& group, T& options,
                    std::function<std::string(T&)> check = {}) {
    CLI::App* sub = app_.add_subcommand(name, summary);
    sub->group(group);
    sub->callback([this, &options, check] {
      if (check) problem_ = check(options);
      out_.command = options;
    });
    return sub;
  }

  using Formats = std::vector<std::pair<std::string, Format>>;
  static void format(CLI::App* sub, Format& format, const std::string& help = "json, yaml, wide or name",
                     const Formats& formats = {{"json", Format::Json},
                                               {"yaml", Format::Yaml},
                                               {"wide", Format::Wide},
                                               {"name", Format::Name}}) {
    std::vector<std::string> names;
    for (const auto& [name, value] : formats) names.push_back(name);
    const auto read = [&format, formats](const std::string& text) {
      for (const auto& [name, value] : formats)
        if (name == text) format = value;
    };
    sub->add_option_function<std::string>("-o,--output", read, help)->check(one_of(names));
  }

  void all_spaces(CLI::App* sub) { sub->add_flag("-A,--all-namespaces", out_.connection.all_spaces, "All namespaces"); }

  // --until and --timeout; the texts are read when the command runs.
  void until(CLI::App* sub, Until& until) {
    sub->add_option_function<std::string>(
        "--until", [this, &until](const std::string& text) { read_goal(text, until); },
        "Wait: healthy, paused (or healthy), done (however it ends), step=N");
    sub->add_option_function<std::string>(
        "--timeout",
        [&until](const std::string& text) {
          const auto duration = base::parse_duration(text);
          if (!duration || *duration <= base::Duration::zero())
            throw CLI::ValidationError("--timeout", "\"" + text + "\" is not a duration like 90s or 10m");
          until.timeout = *duration;
        },
        "How long to wait, like 10m; default: as long as it takes");
    sub->add_option("--summary", until.summary,
                    "File to which the result and its evidence are appended as Markdown when the wait ends; default: "
                    "$GITHUB_STEP_SUMMARY");
  }

  void read_goal(const std::string& text, Until& until) {
    if (text == "healthy")
      until.goal = Until::Goal::Healthy;
    else if (text == "paused")
      until.goal = Until::Goal::Paused;
    else if (text == "done")
      until.goal = Until::Goal::Done;
    else if (const auto step = text.starts_with("step=") ? base::parse_int(text.substr(5)) : std::nullopt;
             step && *step > 0)
      until.goal = Until::Goal::Step, until.step = static_cast<int>(*step);
    else
      throw CLI::ValidationError("--until", "\"" + text + "\" is none of healthy, paused, done, step=N");
  }

  static CLI::Option* name(CLI::App* sub, std::string& name) {
    CLI::Option* option = sub->add_option("NAME", name, "The Release: NAME or release/NAME");
    return option->required()->transform([](std::string text) {
      for (const char* prefix : {"release/", "releases/", "deployment/", "deploy/"})
        if (text.starts_with(prefix)) return text.substr(std::string_view(prefix).size());
      return text;
    });
  }
  static void reason(CLI::App* sub, std::string& reason) { sub->add_option("--reason", reason, "Why, for the record"); }
  static void files(CLI::App* sub, std::vector<std::string>& files) {
    sub->add_option("-f,--filename", files, "Manifest: a file, a folder, or - for standard input");
  }
  void data_dir(CLI::App* sub, std::string& dir) {
    dir = default_data_dir();
    sub->add_option("--data-dir", dir, "The folder of the embedded cluster")->capture_default_str();
  }

  static void log_option(CLI::App* sub, bool& on) {
    sub->add_flag("--log-decisions", on,
                  "Write what is decided to standard error, each decision that does something as a line of JSON "
                  "(docs/logs.md)");
  }

  static void metric_options(CLI::App* sub, bool& allowed, std::vector<std::string>& processes) {
    sub->add_option("--metric-process", processes,
                    "NAME=/path/to/program that analysis templates may name in provider.process "
                    "(docs/metric-processes.md); may be given several times");
    sub->add_flag("--allow-loopback-metrics", allowed,
                  "Addresses that analysis templates (prometheus, web) and Notifications name may lead to this "
                  "machine; link-local ones and those of a cloud's metadata never may");
  }

  void start_commands() {
    auto& up = options<UpOptions>();
    CLI::App* sub = command("up", "Start an embedded cluster on this machine", "START", up);
    data_dir(sub, up.data_dir);
    sub->add_flag("--detach,-d", up.detach, "Return when everything answers");
    sub->add_option("--port", up.port, "Port of the API server; 0: any")->capture_default_str();
    sub->add_option("--gateway-port", up.gateway_port, "Port of the gateway; 0: any")->capture_default_str();
    sub->add_option("--listen", up.listen, "Address to listen on")->capture_default_str();
    sub->add_option("--runtime", up.runtime, "How pods run: auto, isolated, loopback")
        ->check(one_of({"auto", "isolated", "loopback"}))
        ->capture_default_str();
    sub->add_flag("--allow-host-image", up.allow_host_image, "Pods may use the machine's own programs (image: host)");
    metric_options(sub, up.allow_loopback_metrics, up.metric_processes);
    sub->add_flag("!--no-prometheus", up.prometheus, "Do not start Prometheus");
    sub->add_flag("!--no-controllers", up.controllers,
                  "Leave the controllers to `slipway controller`, a process of its own");
    log_option(sub, up.log_decisions);
    sub->add_flag("--modelled", up.modelled,
                  "Run nothing: model pods, requests and metrics, as annotations rehearse.slipway.dev/* say");

    auto& down = options<DownOptions>();
    sub = command("down", "Stop the embedded cluster", "START", down);
    data_dir(sub, down.data_dir);
    sub->add_flag("--purge", down.purge, "Delete its data, too");

    auto& controller = options<ControllerOptions>();
    sub = app_.add_subcommand("controller", "Run the controllers against a cluster, as a process of their own")
              ->group("START");
    sub->add_option("--identity", controller.identity, "Name in leader election");
    sub->add_flag("--modelled-gateway", controller.modelled_gateway,
                  "Model requests and metrics here: for a cluster whose nodes are modelled");
    sub->callback([this, &controller] {
      controller.kubeconfig = out_.connection.kubeconfig, controller.context = out_.connection.context;
      out_.command = controller;
    });
    sub->add_option("--lease-namespace", controller.lease_space, "Where the lease of the leader is")
        ->capture_default_str();
    sub->add_option("--namespaces", controller.spaces,
                    "Releases of these namespaces only (a,b), with rights in them and nowhere else")
        ->delimiter(',');
    sub->add_option("--metrics-listen", controller.metrics_listen,
                    "ADDRESS:PORT for /metrics, /healthz and /readyz; default: none");
    sub->add_flag("--releases-only", controller.releases_only,
                  "Leave Deployments, pods and all else to the cluster's own controllers; the default where the API "
                  "server is not ours");
    metric_options(sub, controller.allow_loopback_metrics, controller.metric_processes);
    log_option(sub, controller.log_decisions);
    gateway_command();
    node_command();
    install_commands();
    image_commands();
  }

  // -n is the namespace of the controllers here; in namespaced mode they live in the first that they serve.
  template <class T>
  std::function<std::string(T&)> placed() {
    return [this](T& options) {
      Placement& placement = options.placement;
      if (!placement.spaces.empty()) placement.space = placement.spaces.front();
      if (!out_.connection.space.empty()) placement.space = out_.connection.space;
      if constexpr (requires { options.gateway; }) {
        if (options.gateway && !placement.spaces.empty())
          return std::string("--gateway needs rights in the whole cluster: it does not go with --namespaces");
      }
      return std::string();
    };
  }

  template <class T>
  void placement_options(CLI::App* sub, T& options) {
    sub->add_option("--namespaces", options.placement.spaces,
                    "Namespaced mode: Releases of these only (a,b), with a Role in each instead of a ClusterRole")
        ->delimiter(',');
    const auto without = sub->add_flag_callback(
        "--no-definitions", [&options] { options.definitions = Definitions::Not; },
        "Leave the CustomResourceDefinitions alone: they need rights in the whole cluster");
    sub->add_flag_callback(
           "--definitions-only", [&options] { options.definitions = Definitions::Only; },
           "The CustomResourceDefinitions and nothing else: the part for an administrator")
        ->excludes(without);
  }

  void install_commands() {
    auto& install = options<Install>();
    CLI::App* sub = command<Install>("install", "Install the controllers in a cluster: kinds, rights, Deployment",
                                     "START", install, placed<Install>());
    sub->add_option("--image", install.image, "Image of the controllers and the gateway");
    sub->add_flag("--gateway", install.gateway,
                  "Also our gateway as GatewayClass slipway: exact weights and read-back without a mesh");
    format(sub, install.format, "yaml: print the manifest instead of applying it", {{"yaml", Format::Yaml}});
    placement_options(sub, install);
    auto& uninstall = options<Uninstall>();
    sub = command<Uninstall>("uninstall", "Take everything of install away again; workloads go on", "START", uninstall,
                             placed<Uninstall>());
    sub->add_flag("--yes,-y", uninstall.yes, "Do not ask");
    placement_options(sub, uninstall);
  }

  void gateway_command() {
    auto& gateway = options<GatewayOptions>();
    CLI::App* sub =
        app_.add_subcommand("gateway", "Be one replica of the gateway of a cluster: HAProxy for its GatewayClasses")
            ->group("START")
            ->footer(kGatewayHelp);
    sub->add_option("--identity", gateway.identity, "Name among the replicas, unique");
    sub->add_option("--lease-namespace", gateway.lease_space, "Where its leases and those of the controllers are")
        ->capture_default_str();
    sub->add_option("--listen", gateway.listen, "Address on which the ports of Gateways are bound")
        ->capture_default_str();
    sub->add_option("--address", gateway.addresses, "What Gateways show as their address; may be given several times");
    sub->add_option("--service", gateway.service, "NAMESPACE/NAME of the Service whose address Gateways show");
    sub->add_option("--control-listen", gateway.control_listen,
                    "ADDRESS:PORT for the controllers' questions; port 0: any")
        ->capture_default_str();
    sub->add_option("--control-host", gateway.control_host, "Address by which the controllers reach that port");
    sub->add_option("--metrics-listen", gateway.metrics_listen,
                    "ADDRESS:PORT for /metrics, /healthz and /readyz; default: none");
    sub->add_option("--data-dir", gateway.data_dir, "Folder for the proxy's files; default: a temporary one");
    sub->add_option("--haproxy", gateway.haproxy, "The program, 2.6 or newer")->capture_default_str();
    sub->add_option("--threads", gateway.threads, "Of the proxy")->check(CLI::Range(1, 64))->capture_default_str();
    sub->add_option("--grace", gateway.grace_seconds, "Seconds after SIGTERM in which requests are still taken")
        ->check(CLI::Range(0, 600))
        ->capture_default_str();
    sub->add_option("--drain", gateway.drain_seconds, "Seconds after that in which sessions may end")
        ->check(CLI::Range(0, 3600))
        ->capture_default_str();
    sub->callback([this, &gateway] {
      gateway.kubeconfig = out_.connection.kubeconfig, gateway.context = out_.connection.context;
      out_.command = gateway;
    });
  }

  void node_command() {
    auto& node = options<NodeOptions>();
    node.name = "modelled";
    CLI::App* sub = app_.add_subcommand("node", "Be one or more nodes of a cluster whose pods are modelled, not run")
                        ->group("START")
                        ->footer(kModelledHelp);
    sub->add_flag("--modelled", node.modelled, "Model pods as their annotations say; there is no other way yet")
        ->required();
    sub->add_option("--name", node.name, "Name of the node; with --count: NAME-1, NAME-2 ...")->capture_default_str();
    sub->add_option("--count", node.count, "How many nodes")->check(CLI::Range(1, 5000))->capture_default_str();
    sub->add_flag("--schedule", node.schedule, "Also place pending pods on nodes: for a cluster without a scheduler");
    sub->callback([this, &node] {
      node.kubeconfig = out_.connection.kubeconfig, node.context = out_.connection.context;
      out_.command = node;
    });
  }

  void image_commands() {
    CLI::App* image =
        app_.add_subcommand("image", "Images of the embedded cluster")->group("START")->require_subcommand(1);
    auto& import = options<ImageImportOptions>();
    CLI::App* sub = image->add_subcommand("import", "Store a folder, OCI layout or tar archive as an image");
    sub->add_option("NAME", import.name, "Name and tag: shop/web:1.9.0")->required();
    sub->add_option("SOURCE", import.source, "Folder, OCI layout or tar archive")->required();
    sub->add_option("--entrypoint", import.entrypoint, "What a container runs; once for each argument");
    sub->add_option("--env", import.environment, "NAME=VALUE for its containers");
    data_dir(sub, import.data_dir);
    sub->callback([this, &import] { out_.command = import; });
    auto& list = options<ImageListOptions>();
    sub = image->add_subcommand("list", "Stored images");
    sub->add_option("-o,--output", list.output, "json or yaml")->check(one_of({"json", "yaml"}));
    data_dir(sub, list.data_dir);
    sub->callback([this, &list] { out_.command = list; });
  }

  void cohort_commands() {
    CLI::App* cohort = app_.add_subcommand("cohort", "Who is in a group of users, and what a gray release gives them")
                           ->group("RELEASE")
                           ->require_subcommand(1);
    auto& who = options<CohortWho>();
    CLI::App* sub = cohort->add_subcommand("who", "Which version a user gets, and why");
    sub->add_option("USER", who.user, "The user's key, as requests carry it")->required();
    sub->add_option("RELEASE", who.release, "Only of this Release; default: all gray ones of the namespace");
    sub->add_option("--with", who.saying.attributes,
                    "ATTRIBUTE=VALUE, by the names that the Cohorts give, like region=DE");
    sub->add_option("--header", who.saying.headers, "NAME=VALUE of a header of the user's requests");
    sub->add_option("--cookie", who.saying.cookies, "NAME=VALUE of a cookie");
    sub->add_option("--query", who.saying.queries, "NAME=VALUE of a query parameter");
    format(sub, who.format);
    sub->callback([this, &who] { out_.command = who; });
    auto& preview = options<CohortPreview>();
    sub = cohort->add_subcommand("preview",
                                 "How many users of a list are in each Cohort, and in each batch of a Release");
    sub->add_option("RELEASE", preview.release, "Its batches; default: the Cohorts of the namespace");
    sub->add_option("--users", preview.users,
                    "File with a JSON object a line, like {\"key\": \"42\", \"region\": \"DE\"}; - for standard input")
        ->required();
    files(sub, preview.files);
    format(sub, preview.format);
    sub->footer(
        "The members of a line are `key`, attributes by the names that the Cohorts give, and header.NAME, "
        "cookie.NAME, query.NAME.\nWith -f the Cohorts and the Release come from manifests, and no cluster is needed.");
    sub->callback([this, &preview] { out_.command = preview; });
  }

  void release_commands() {
    const std::string group = "RELEASE";
    auto& list = options<List>();
    CLI::App* sub = command("list", "All Releases, one line each", group, list);
    format(sub, list.format), all_spaces(sub);

    auto& status = options<Status>();
    sub = command<Status>("status", "What a release does now (--until: wait for it); without NAME, the cluster", group,
                          status, [this](Status& s) {
                            // Of a cluster all Releases are of interest, unless a namespace was named.
                            if (s.name.empty() && out_.connection.space.empty()) out_.connection.all_spaces = true;
                            return s.name.empty() && s.until.goal != Until::Goal::Now
                                       ? std::string("--until waits for one release: name it")
                                       : "";
                          });
    name(sub, status.name)->required(false);
    until(sub, status.until), format(sub, status.format), all_spaces(sub);

    auto& watch = options<Watch>();
    sub = command("watch", "Follow a release until it ends; on a terminal, with keys to promote, pause or abort it",
                  group, watch);
    name(sub, watch.name), until(sub, watch.until), format(sub, watch.format);

    auto& deploy = options<Deploy>();
    sub = command<Deploy>("deploy", "Bring out a new version", group, deploy, [](Deploy& d) {
      return d.images.empty() && d.files.empty() ? std::string("deploy needs --image or -f: what shall be brought out?")
                                                 : "";
    });
    name(sub, deploy.name), files(sub, deploy.files), until(sub, deploy.until);
    sub->add_option("--image", deploy.images, "CONTAINER=IMAGE, or IMAGE when there is one container");
    sub->add_flag("--watch,-w", deploy.watch, "Follow the release until it ends");

    auto& restart = options<Deploy>();
    restart.restart = true;
    sub = command("restart", "New pods of the same version, released step by step like any change", group, restart);
    name(sub, restart.name), until(sub, restart.until);
    sub->add_flag("--watch,-w", restart.watch, "Follow the release until it ends");

    auto& plan = options<Plan>();
    sub = command("plan", "What a Release means, step by step; changes nothing", group, plan);
    sub->add_option("NAME", plan.name, "The Release");
    sub->add_flag("--measure", plan.measure, "Ask every metric of the plan once, about the version that serves now");
    files(sub, plan.files), format(sub, plan.format);

    auto& promote = options<Promote>();
    sub = command("promote", "Go on: approve, or end a wait; on a terminal, asks before all users change at once",
                  group, promote);
    name(sub, promote.name), reason(sub, promote.reason);
    const auto full =
        sub->add_flag("--full", promote.full, "Skip all steps that follow: waits, approvals and analyses");
    sub->add_flag("--yes,-y", promote.yes, "Do not ask");
    sub->add_flag("--now", promote.now,
                  "Go forward outside of the Release's windows, too, until this release has ended")
        ->needs("--reason")
        ->excludes(full);
    sub->add_option("--to-step", promote.step, "Go on with this step, and skip what lies between")
        ->check(CLI::Range(1, 1000))
        ->excludes(full);
    sub->add_option("--variant", promote.variant, "End an A/B test: everybody gets this one")->excludes(full);
    pause_commands();
    back_commands();
    cohort_commands();
    reading_commands();
  }

  void pause_commands() {
    auto& pause = options<Pause>();
    name(command("pause", "Hold a release where it is", "RELEASE", pause), pause.name);
    auto& resume = options<Pause>();
    resume.paused = false;
    CLI::App* sub = command<Pause>(
        "resume", "Let a paused release go on, or all after a stop", "RELEASE", resume,
        [](Pause& p) { return p.name.empty() == p.all ? "" : std::string("resume needs a NAME, or --all"); });
    name(sub, resume.name)->required(false);
    sub->add_flag("--all", resume.all, "End the stop of all releases in the cluster");
    auto& stop = options<Stop>();
    sub = command("stop", "Let no release of the cluster go forward; ways back still do", "RELEASE", stop);
    sub->add_flag("--all", stop.all, "All releases of the cluster")->required();
    sub->add_option("--reason", stop.reason, "Why, for everybody who waits")->required();
  }

  void back_commands() {
    auto& abort = options<Abort>();
    CLI::App* sub = command("abort", "Back to the stable version now", "RELEASE", abort);
    name(sub, abort.name), reason(sub, abort.reason);
    auto& retry = options<Retry>();
    sub = command("retry", "Start a rejected revision again", "RELEASE", retry);
    name(sub, retry.name), reason(sub, retry.reason);
    auto& back = options<Back>();
    sub = command("back", "One step, or batch, back; then wait for a person", "RELEASE", back);
    name(sub, back.name), reason(sub, back.reason);
    auto& undo = options<Undo>();
    sub = command("undo", "Back to an older revision; shows first what changes", "RELEASE", undo);
    name(sub, undo.name), reason(sub, undo.reason), until(sub, undo.until);
    sub->add_option("--to", undo.to, "Number of the revision; default: the one before");
    sub->add_flag("--yes,-y", undo.yes, "Do not ask");
    sub->add_flag("--watch,-w", undo.watch, "Follow the release until it ends");
  }

  void reading_commands() {
    auto& history = options<History>();
    CLI::App* sub = command("history", "Revisions and how they ended", "RELEASE", history);
    name(sub, history.name), format(sub, history.format);
    auto& diff = options<Diff>();
    sub = command("diff", "What changes in the pods from one revision to another", "RELEASE", diff);
    name(sub, diff.name), format(sub, diff.format);
    sub->add_option("FROM", diff.from, "Number of the revision, as history shows it; default: the stable one");
    sub->add_option("TO", diff.to,
                    "Number of the other one; default: what the Deployment asks for, or without FROM, after a "
                    "rollback, the one that is held");
    auto& explain = options<Explain>();
    sub = command("explain", "Every decision with its rule and numbers", "RELEASE", explain);
    sub->add_option("NAME", explain.name, "NAME or NAME@REVISION")->required();
    sub->add_option("--at", explain.at,
                    "What had been decided by then: 2026-11-30T04:25:00Z, or 10m for ten minutes ago");
    format(sub, explain.format);
    auto& logs = options<Logs>();
    sub = command<Logs>("logs", "Logs of a release's pods, or of one pod", "RELEASE", logs, [](Logs& l) {
      return l.canary && l.stable
                 ? std::string("--canary and --stable exclude each other; without both, all pods are shown")
                 : "";
    });
    sub->add_option("NAME", logs.name, "The Release, NAME@REVISION for the pods of that version, or pod/NAME")
        ->required();
    sub->add_flag("--canary", logs.canary, "Only pods of the candidate, or of the version that was rejected last");
    sub->add_flag("--stable", logs.stable, "Only pods of the stable version");
    sub->add_flag("-f,--follow", logs.follow, "Go on as lines come");
    sub->add_flag("-p,--previous", logs.previous, "Of the container before the last restart");
    sub->add_option("-c,--container", logs.container, "Container; default: the first");
    sub->add_option("--tail", logs.tail, "Only the last N lines");
  }

  void object_commands() {
    const std::string group = "OBJECTS";
    auto& get = options<Get>();
    CLI::App* sub = command("get", "Show objects", group, get);
    sub->add_option("WHAT", get.what, "TYPE, TYPE NAME..., or TYPE/NAME...")->required();
    sub->add_option("-l,--selector", get.selector, "Label selector");
    sub->add_option("--field-selector", get.field_selector, "Field selector");
    sub->add_flag("!--no-headers", get.headers, "Leave the line of column names out");
    format(sub, get.format), all_spaces(sub);

    auto& apply = options<Apply>();
    sub = command("apply", "Create or change objects from manifests", group, apply);
    files(sub, apply.files);
    sub->get_option("--filename")->required();
    sub->add_flag("--force-conflicts", apply.force, "Take fields over that others own");
    sub->add_flag("--dry-run", apply.dry_run, "Let the server check everything, change nothing");
    sub->add_option("--field-manager", apply.manager, "Who owns the fields")->capture_default_str();
    format(sub, apply.format);

    auto& remove = options<Delete>();
    sub = command<Delete>("delete", "Delete objects", group, remove, [](Delete& d) {
      return d.what.empty() && d.files.empty() ? std::string("delete needs TYPE NAME, TYPE/NAME or -f") : "";
    });
    sub->add_option("WHAT", remove.what, "TYPE NAME..., or TYPE/NAME...");
    sub->add_option("-l,--selector", remove.selector, "Label selector");
    sub->add_flag("--ignore-not-found", remove.ignore_absent, "Absent objects are no failure");
    files(sub, remove.files);
  }

  void other_commands(const Backend& backend) {
    auto& version = options<Version>();
    CLI::App* sub = command("version", "Versions of program and server", "ALSO", version);
    sub->add_flag("--client", version.client_only, "Only the program's");
    format(sub, version.format);
    auto& help = options<Help>();
    sub = command("help", "Help on a command or topic (exit-codes)", "ALSO", help);
    sub->add_option("TOPIC", help.text, "A command, or exit-codes");
    for (std::size_t i = 0; i < backend.extra.size(); ++i) {
      sub = app_.add_subcommand(backend.extra[i].name, backend.extra[i].summary)->group("START");
      sub->prefix_command()->allow_extras()->fallthrough(false)->set_help_flag();
      sub->callback([this, i, sub] { out_.command = Extra{i, sub->remaining()}; });
    }
  }

  std::unexpected<Refusal> help_text(const std::string& topic) {
    if (topic == "exit-codes") return std::unexpected(Refusal{std::string(exit_codes_help()), ExitCode::Reached});
    // Not app_.help(): that is about the subcommand which was typed, `help` itself.
    if (topic.empty())
      return std::unexpected(Refusal{
          app_.get_formatter()->make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal), ExitCode::Reached});
    const auto found = app_.get_subcommands([&](const CLI::App* sub) { return sub->get_name() == topic; });
    const CLI::App* sub = found.empty() ? nullptr : found.front();
    if (!sub) return std::unexpected(Refusal{"no help on \"" + topic + "\"; topics: a command, or exit-codes\n"});
    return std::unexpected(Refusal{sub->help(app_.get_name()), ExitCode::Reached});
  }

  CLI::App app_;
  Invocation out_;
  std::string problem_;
  std::vector<std::shared_ptr<void>> keep_;
};

}  // namespace

std::string default_data_dir() {
  const auto env = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  if (const std::string dir = env("SLIPWAY_DATA_DIR"); !dir.empty()) return dir;
  if (const std::string dir = env("XDG_DATA_HOME"); !dir.empty()) return dir + "/slipway";
  const std::string home = env("HOME");
  return (home.empty() ? "/var/lib" : home + "/.local/share") + "/slipway";
}

std::expected<Invocation, Refusal> parse_command_line(const std::vector<std::string>& arguments, const Backend& backend,
                                                      const std::string& program) {
  return Tree(backend, program).parse(arguments);
}

}  // namespace slipway::cli
