#include "rehearse/scenario/scenario.h"

#include <algorithm>
#include <array>

#include "api/meta.h"
#include "api/resource.h"
#include "rehearse/behaviour.h"
#include "rehearse/scenario/document.h"
#include "rehearse/scenario/facts.h"
#include "runtime/file.h"

namespace slipway::rehearse::scenario {

using base::Code;
using base::Result;
using data::Value;

namespace {

constexpr std::array<std::string_view, 9> kVerbs = {"pause", "resume", "promote", "promote-full", "promote-now",
                                                    "abort", "retry",  "back",    "undo"};
constexpr const char* kSettled =
    "deployment.status.observedGeneration == deployment.metadata.generation && "
    "deployment.status.availableReplicas == deployment.spec.replicas && pods.ready == deployment.spec.replicas";
constexpr const char* kIdle = " && release != nil && release.status.phase == 'Idle'";

std::string file_name_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.ends_with(".yaml") ? name.substr(0, name.size() - 5) : name;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

Conditions only_condition(const std::string& text) {
  Conditions all;
  all.push_back(*expr::Expression::parse(text));
  return all;
}

class Reader {
 public:
  Reader(const std::string& path, Problems& problems) : path_(path), problems_(problems) {}

  Scenario read(const data::YamlDocument& document) {
    const Field root(path_, document, document.value, "", problems_);
    out_.name = file_name_of(path_);
    if (!root.only({"about", "app", "use", "objects", "begin", "story", "always", "end"})) return std::move(out_);
    out_.about = root.at("about").text();
    if (root.at("app").is_there()) out_.app = root.at("app").text();
    if (root.at("use").is_there()) use(root.at("use"));
    if (root.at("objects").is_there()) add(root.at("objects").objects());
    if (root.at("begin").is_there())
      out_.begin = wait(root.at("begin"));
    else
      out_.begin.conditions = only_condition(std::string(kSettled) + (has_release() ? kIdle : ""));
    read_story(root.at("story"));
    if (root.at("always").is_there()) out_.always = root.at("always").conditions();
    read_end(root.at("end"));
    return std::move(out_);
  }

 private:
  // One that is there from the beginning: a story that began before it was seen would release nothing.
  bool has_release() const {
    return std::ranges::any_of(out_.objects, [&](const Object& object) {
      return object.resource == api::kReleases && api::name_of(object.value) == out_.app;
    });
  }
  void add(std::vector<Object> objects) {
    for (Object& object : objects) {
      if (object.value["spec"]["template"].is_object()) know(version_of(object.value["spec"]["template"]));
      out_.objects.push_back(std::move(object));
    }
  }
  void know(const std::string& version) {
    if (std::ranges::find(out_.versions, version) == out_.versions.end()) out_.versions.push_back(version);
  }

  // Files of objects beside the scenario; each may hold several documents.
  void use(const Field& names) {
    const auto files = names.texts();
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string path = folder_of(path_) + "/objects/" + files[i];
      const auto text = runtime::read_file(path);
      if (!text) {
        names.at(i).wrong(text.error().message);
        continue;
      }
      const auto documents = data::parse_yaml_stream(*text);
      if (!documents) {
        problems_.add(path, {}, "", documents.error().message);
        continue;
      }
      for (const auto& document : *documents) add({Field(path, document, document.value, "", problems_).object()});
    }
  }

  // One expression, a list of them, or {that: ..., within: 20s}.
  WaitFor wait(const Field& field) {
    if (!field.value().is_object()) return {field.conditions()};
    field.only({"that", "within"});
    return {field.at("that").conditions(), field.at("within").duration(kPatience)};
  }

  // --- the story ----------------------------------------------------------------------------------------

  void read_story(const Field& story) {
    if (!story.value().is_array() || story.value().is_empty()) return story.wrong("a list of events is expected");
    if (story.value().size() > kMostEvents) return story.wrong("holds more than 100 events");
    for (std::size_t i = 0; i < story.value().size(); ++i) {
      const Field event = story.at(i);
      if (!event.value().is_object() || event.value().size() != 1) {
        event.wrong("an event is a mapping with one key, like {deploy: v2}");
        continue;
      }
      const std::string verb = event.value().members().front().key.str();
      const Field what = event.at(verb);
      if (auto action = read_action(verb, what))
        out_.story.push_back({std::move(*action), verb + " " + data::to_json(what.value()), event.where()});
      else
        what.wrong(
            "no such event; there are apply, refuse, patch, delete, scale, deploy, release, kill, delete-replicaset, "
            "cordon, crash, wait, expect, stays");
    }
  }

  std::optional<Action> read_action(const std::string& verb, const Field& what) {
    if (verb == "wait") return wait(what);
    if (verb == "expect") return Expect{what.conditions()};
    if (verb == "stays") return read_stays(what);
    if (verb == "apply") return read_apply(what);
    if (verb == "refuse") return read_refuse(what);
    if (verb == "patch") return read_patch(what);
    if (verb == "delete") return read_delete(what);
    if (verb == "scale") return Scale{what.number()};
    if (verb == "deploy") return read_deploy(what);
    if (verb == "release") return read_command(what);
    if (verb == "kill") return read_kill(what);
    if (verb == "delete-replicaset") return RemoveReplicaSet{known_version(what)};
    if (verb == "cordon") return read_cordon(what);
    if (verb == "crash") return read_crash(what);
    return {};
  }

  Action read_stays(const Field& what) {
    what.only({"that", "for"});
    if (!what.at("for").is_there()) what.at("for").wrong("is required");
    return Stays{what.at("that").conditions(), what.at("for").duration(base::seconds(1))};
  }
  Action read_apply(const Field& what) {
    Apply apply{what.objects()};
    for (const Object& object : apply.objects)
      if (object.value["spec"]["template"].is_object()) know(version_of(object.value["spec"]["template"]));
    return apply;
  }
  Action read_refuse(const Field& what) {
    what.only({"apply", "because"});
    return Refuse{what.at("apply").object(), what.at("because").text()};
  }
  Action read_patch(const Field& what) {
    what.only({"object", "with"});
    Patch patch{.body = what.at("with").value()};
    patch.resource = what.at("object").kind_of(what.at("object").text(), patch.name);
    if (!patch.body.is_object()) what.at("with").wrong("a merge patch is expected: a mapping");
    return patch;
  }
  Action read_delete(const Field& what) {
    Remove remove;
    remove.resource = what.kind_of(what.text(), remove.name);
    return remove;
  }
  Action read_deploy(const Field& what) {
    Deploy deploy;
    if (!what.value().is_object()) {
      deploy.version = what.text();
    } else {
      what.only({"version", "start", "never-ready", "crash-after", "out-of-memory", "image-missing", "mount-fails",
                 "error-rate", "latency"});
      deploy.version = what.at("version").text();
      for (const auto& [key, value] : what.value().members())
        if (key.view() != "version") deploy.behaviour[key.str()] = what.at(key.view()).text();
    }
    know(deploy.version);
    return deploy;
  }
  Action read_command(const Field& what) {
    const std::string verb = what.text();
    if (std::ranges::find(kVerbs, verb) == kVerbs.end())
      what.wrong("\"" + verb +
                 "\" is none of pause, resume, promote, promote-full, promote-now, abort, retry, back, undo");
    return ReleaseCommand{verb};
  }
  Action read_kill(const Field& what) {
    if (!what.value().is_object()) return KillPods{known_version(what)};
    what.only({"version", "count"});
    return KillPods{known_version(what.at("version")), what.at("count").is_there() ? what.at("count").number() : 1};
  }
  Action read_cordon(const Field& what) {
    if (!what.value().is_bool()) what.wrong("true or false is expected");
    return Cordon{what.value().as_bool()};
  }
  Action read_crash(const Field& what) {
    if (what.text() != "controllers") what.wrong("only the controllers can crash");
    return CrashControllers{};
  }
  std::string known_version(const Field& what) {
    const std::string version = what.text();
    if (std::ranges::find(out_.versions, version) == out_.versions.end())
      what.wrong("no version \"" + version + "\" was deployed before this event");
    return version;
  }

  // --- the end ------------------------------------------------------------------------------------------

  void read_end(const Field& end) {
    if (!end.only({"when", "phases", "verified", "rollback", "rollbacks", "started", "restarts"})) return;
    if (!end.at("when").is_there()) end.at("when").wrong("is required: the state in which the story ends");
    out_.end.when = wait(end.at("when"));
    if (end.at("phases").is_there()) out_.end.phases = end.at("phases").texts();
    if (end.at("verified").is_there()) out_.end.verified = end.at("verified").texts();
    if (end.at("rollback").is_there()) out_.end.rollbacks = {read_rollback(end.at("rollback"))};
    if (const Field all = end.at("rollbacks"); all.is_there()) {
      out_.end.rollbacks.emplace();
      for (std::size_t i = 0; i < all.value().size(); ++i) out_.end.rollbacks->push_back(read_rollback(all.at(i)));
    }
    if (const Field started = end.at("started"); started.is_there()) {
      out_.end.started.emplace();
      if (!started.value().is_object()) started.wrong("a mapping from version to number of pods is expected");
      for (const auto& [version, count] : started.value().members())
        (*out_.end.started)[version.str()] = started.at(version.view()).number();
    }
    if (end.at("restarts").is_there()) out_.end.may_restart = end.at("restarts").texts();
  }
  static ExpectedRollback read_rollback(const Field& field) {
    field.only({"cause", "metric", "verification"});
    ExpectedRollback out{.cause = field.at("cause").text(), .verification = field.at("verification").text()};
    if (field.at("metric").is_there()) out.metric = field.at("metric").text();
    return out;
  }

  const std::string& path_;
  Problems& problems_;
  Scenario out_;
};

}  // namespace

bool Scenario::alone() const {
  return crashes() || std::ranges::any_of(story, [](const Event& event) {
           const auto* apply = std::get_if<Apply>(&event.action);
           const bool of_all = apply && std::ranges::any_of(apply->objects, [](const Object& object) {
                                 return object.resource == api::kReleasePolicies;
                               });
           return of_all || std::holds_alternative<Cordon>(event.action);
         });
}

bool Scenario::crashes() const {
  return std::ranges::any_of(story,
                             [](const Event& event) { return std::holds_alternative<CrashControllers>(event.action); });
}

Result<Scenario> parse(const std::string& path, std::string_view text) {
  const auto documents = data::parse_yaml_stream(text);
  if (!documents) return base::fail(documents.error().code, path + ": " + documents.error().message);
  if (documents->size() != 1)
    return base::fail(Code::Invalid,
                      path + ": one document is expected, there are " + std::to_string(documents->size()));
  Problems problems;
  Scenario scenario = Reader(path, problems).read(documents->front());
  if (!problems.empty()) return base::fail(problems.error());
  return scenario;
}

Result<Scenario> load(const std::string& path) {
  const auto text = runtime::read_file(path);
  if (!text) return base::fail(text.error());
  return parse(path, *text);
}

}  // namespace slipway::rehearse::scenario
