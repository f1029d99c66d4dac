#include "cli/command_line.h"

#include <gtest/gtest.h>

#include "cli/exit.h"
#include "install/manifest.h"

namespace slipway::cli {
namespace {

std::expected<Invocation, Refusal> parse(const std::string& line) {
  std::vector<std::string> arguments;
  std::istringstream in(line);
  for (std::string word; in >> word;) arguments.push_back(word);
  Backend backend;
  backend.extra.push_back({"demo", "Plays a story", [](const std::vector<std::string>&) { return 0; }});
  return parse_command_line(arguments, backend);
}

template <class T>
T command(const std::string& line) {
  auto parsed = parse(line);
  EXPECT_TRUE(parsed) << line << ": " << (parsed ? "" : parsed.error().text);
  if (!parsed || !std::holds_alternative<T>(parsed->command)) {
    ADD_FAILURE() << line << ": another command";
    return {};
  }
  return std::get<T>(parsed->command);
}

std::string refused(const std::string& line, ExitCode code = ExitCode::Usage) {
  auto parsed = parse(line);
  EXPECT_FALSE(parsed) << line;
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, code) << line;
  return parsed.error().text;
}

TEST(CommandLine, Deploy) {
  const auto d =
      command<Deploy>("deploy release/web --image web=shop/web:2 --image side:1 --watch --until step=3 --timeout 5m");
  EXPECT_EQ(d.name, "web");
  EXPECT_EQ(d.images, (std::vector<std::string>{"web=shop/web:2", "side:1"}));
  EXPECT_TRUE(d.watch);
  EXPECT_EQ(d.until, (Until{Until::Goal::Step, 3, base::minutes(5)}));
  EXPECT_NE(refused("deploy web").find("--image or -f"), std::string::npos);
  EXPECT_NE(refused("deploy --image a").find("NAME"), std::string::npos);
}

TEST(CommandLine, ConnectionOptionsStandAnywhere) {
  for (const char* line : {"-n shop --context c status web -o json", "status web -n shop -o json --context c"}) {
    const auto parsed = parse(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(parsed->connection.space, "shop");
    EXPECT_EQ(parsed->connection.context, "c");
    EXPECT_EQ(std::get<Status>(parsed->command).format, Format::Json);
  }
  EXPECT_TRUE(parse("get pods -A")->connection.all_spaces);
}

TEST(CommandLine, EveryCommand) {
  EXPECT_EQ(command<UpOptions>("up --data-dir /d --port 0 --detach --runtime loopback --no-prometheus").prometheus,
            false);
  EXPECT_TRUE(command<UpOptions>("up").prometheus);
  EXPECT_TRUE(command<DownOptions>("down --purge").purge);
  EXPECT_EQ(command<ControllerOptions>("controller --kubeconfig k").kubeconfig, "k");
  const auto import = command<ImageImportOptions>("image import shop/web:1 ./out --entrypoint /app --entrypoint serve");
  EXPECT_EQ(import.source, "./out");
  EXPECT_EQ(import.entrypoint, (std::vector<std::string>{"/app", "serve"}));
  EXPECT_EQ(command<ImageListOptions>("image list -o json").output, "json");
  EXPECT_TRUE(command<Promote>("promote web --full").full);
  EXPECT_EQ(command<Promote>("promote web --to-step 3").step, 3);
  EXPECT_TRUE(command<Promote>("promote web -y").yes);
  EXPECT_EQ(command<Promote>("promote web --variant blue").variant, "blue");
  EXPECT_TRUE(command<Pause>("pause web").paused);
  EXPECT_FALSE(command<Pause>("resume web").paused);
  EXPECT_TRUE(command<Pause>("resume --all").all);
  EXPECT_TRUE(command<Promote>("promote web --now --reason fix").now);
  EXPECT_EQ(command<Stop>("stop --all --reason fire").reason, "fire");
  EXPECT_EQ(command<Abort>("abort web --reason slow").reason, "slow");
  EXPECT_EQ(command<Retry>("retry web").name, "web");
  EXPECT_EQ(command<Undo>("undo web --to 3 -y").to, 3);
  EXPECT_TRUE(command<Deploy>("restart deployment/web -w").restart);
  EXPECT_TRUE(command<UpOptions>("up --log-decisions").log_decisions);
  EXPECT_TRUE(command<ControllerOptions>("controller --log-decisions").log_decisions);
  EXPECT_FALSE(command<Deploy>("deploy web --image web=shop/web:2").restart);
  EXPECT_EQ(command<History>("history web -o yaml").format, Format::Yaml);
  EXPECT_EQ(command<Diff>("diff web 1 3").to, 3);
  EXPECT_EQ(command<Diff>("diff web").from, std::nullopt);
  EXPECT_EQ(command<Explain>("explain web@4").name, "web@4");
  EXPECT_EQ(command<Explain>("explain web --at 10m").at, "10m");
  EXPECT_EQ(command<Logs>("logs web --canary -f --tail 5").tail, 5);
  EXPECT_EQ(command<Get>("get pods a b -l x=y --no-headers").what, (std::vector<std::string>{"pods", "a", "b"}));
  EXPECT_FALSE(command<Get>("get pods --no-headers").headers);
  EXPECT_EQ(command<Apply>("apply -f a.yaml -f -").files, (std::vector<std::string>{"a.yaml", "-"}));
  EXPECT_EQ(command<Delete>("delete pod/x").what.size(), 1u);
  EXPECT_TRUE(command<Version>("version --client").client_only);
  EXPECT_EQ(command<Plan>("plan web").name, "web");
  EXPECT_EQ(command<Watch>("watch web --until paused").until.goal, Until::Goal::Paused);
  EXPECT_EQ(command<Extra>("demo --once x").arguments, (std::vector<std::string>{"--once", "x"}));
  command<List>("list");
}

TEST(CommandLine, StatusWithoutANameIsAboutTheWholeCluster) {
  EXPECT_TRUE(parse("status")->connection.all_spaces);
  EXPECT_FALSE(parse("status -n shop")->connection.all_spaces);
  EXPECT_FALSE(parse("status web")->connection.all_spaces);
}

TEST(CommandLine, RefusesWhatItDoesNotUnderstand) {
  refused("frob");
  refused("watch");
  refused("status --until healthy");  // of which release?
  refused("apply");
  refused("delete");
  refused("status web --until later");
  refused("status web --timeout soon");
  refused("status web --timeout -5s");
  refused("get pods -o xml");
  refused("logs web --canary --stable");
  refused("undo web --to three");
  refused("promote web --full --variant blue");
  refused("promote web --now");
  refused("promote web --now --full --reason fix");
  refused("stop --all");
  refused("stop --reason fire");
  refused("resume");
  refused("resume web --all");
  refused("up --port 70000");
  refused("up --runtime vm");
}

TEST(CommandLine, ARefusalSaysWhatThereIs) {
  EXPECT_EQ(
      refused("status web -o bad"),
      "--output: \"bad\" is none of: json, yaml, wide, name\nRun with --help or --help-all for more information.\n");
  EXPECT_TRUE(refused("install -o json").starts_with("--output: \"json\" is none of: yaml\n"));
  EXPECT_TRUE(refused("image list -o wide").starts_with("--output: \"wide\" is none of: json, yaml\n"));
  EXPECT_TRUE(refused("up --runtime vm").starts_with("--runtime: \"vm\" is none of: auto, isolated, loopback\n"));
  EXPECT_TRUE(refused("status --color red").starts_with("--color: \"red\" is none of: auto, always, never\n"));
  EXPECT_EQ(command<Install>("install -o yaml").format, Format::Yaml);
  EXPECT_EQ(command<List>("list -o wide").format, Format::Wide);
}

TEST(CommandLine, Helps) {
  EXPECT_NE(refused("", ExitCode::Reached).find("RELEASE"), std::string::npos);
  EXPECT_NE(refused("help", ExitCode::Reached).find("RELEASE"), std::string::npos);
  EXPECT_NE(refused("--help", ExitCode::Reached).find("deploy"), std::string::npos);
  EXPECT_NE(refused("help deploy", ExitCode::Reached).find("--image"), std::string::npos);
  EXPECT_NE(refused("help exit-codes", ExitCode::Reached).find("130"), std::string::npos);
  refused("help frob");
}

// What the manifest starts is what this program understands.
TEST(CommandLine, TheControllersOfTheManifest) {
  for (const std::vector<std::string>& spaces : {std::vector<std::string>{}, {"shop", "till"}}) {
    const data::Value all = install::controllers({.spaces = spaces}).back();
    std::string line;
    for (const data::Value& argument : all["spec"]["template"]["spec"]["containers"].at(0)["args"].items())
      line += argument.str() + " ";
    const auto controller = command<ControllerOptions>(line);
    EXPECT_EQ(controller.spaces, spaces);
    EXPECT_EQ(controller.lease_space, "slipway-system");
    EXPECT_TRUE(controller.releases_only);
  }
}

// What listens does so on this machine only, unless it is told otherwise.
TEST(CommandLine, Gateway) {
  const auto plain = command<GatewayOptions>("gateway --kubeconfig k");
  EXPECT_EQ(plain.kubeconfig, "k");
  EXPECT_EQ(plain.listen, "127.0.0.1");
  EXPECT_EQ(plain.control_listen, "127.0.0.1:0");
  EXPECT_EQ(plain.lease_space, "slipway-system");
  const auto pod = command<GatewayOptions>(
      "gateway --listen 0.0.0.0 --address a --address b --service edge/gw --control-host 10.0.0.1 --grace 0 --drain 9");
  EXPECT_EQ(pod.addresses, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(pod.service, "edge/gw");
  EXPECT_EQ(pod.grace_seconds, 0);
  EXPECT_EQ(pod.drain_seconds, 9);
  EXPECT_NE(refused("gateway --grace -1").find("grace"), std::string::npos);
}

TEST(CommandLine, InstallInNamespaces) {
  const auto install = command<Install>("install --namespaces shop,till --no-definitions");
  EXPECT_EQ(install.placement.spaces, (std::vector<std::string>{"shop", "till"}));
  EXPECT_EQ(install.placement.space, "shop");
  EXPECT_EQ(install.definitions, Definitions::Not);
  EXPECT_EQ(command<Uninstall>("uninstall --namespaces shop -n ops").placement.space, "ops");
  EXPECT_EQ(command<Install>("install --definitions-only").definitions, Definitions::Only);
  EXPECT_EQ(command<Install>("install").placement.space, "slipway-system");
  EXPECT_FALSE(command<Install>("install").gateway);
  EXPECT_TRUE(command<Install>("install --gateway -n edge").gateway);
  EXPECT_NE(refused("install --gateway --namespaces shop").find("whole cluster"), std::string::npos);
  refused("install --definitions-only --no-definitions");
}

TEST(ExitCodes, FollowTheError) {
  EXPECT_EQ(exit_code_of({.code = base::Code::Forbidden}), ExitCode::NotAllowed);
  EXPECT_EQ(exit_code_of({.code = base::Code::Invalid}), ExitCode::Usage);
  EXPECT_EQ(exit_code_of({.code = base::Code::Unavailable}), ExitCode::Failed);
  EXPECT_EQ(exit_code_of({.code = base::Code::NotFound}), ExitCode::Failed);
}

TEST(CommandLine, WhateverFollowsAReleaseCanLeaveASummary) {
  EXPECT_EQ(command<Watch>("watch web --summary s.md").until.summary, "s.md");
  EXPECT_EQ(command<Status>("status web --until done --summary s.md").until.summary, "s.md");
  EXPECT_EQ(command<Deploy>("deploy web --image shop/web:2 --watch --summary s.md").until.summary, "s.md");
  EXPECT_EQ(command<Deploy>("restart web --watch --summary s.md").until.summary, "s.md");
  EXPECT_EQ(command<Undo>("undo web --watch --summary s.md").until.summary, "s.md");
}

}  // namespace
}  // namespace slipway::cli
