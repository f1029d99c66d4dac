// One pod on this node: its record, and the hands that carry out what lifecycle::decide asks for.
//
// Every answer is noted in the record, and the worker then steps again, in a task of its own. Owned by the agent, by
// uid.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/api_client.h"
#include "control/event_recorder.h"
#include "control/ports.h"
#include "node/lifecycle/decide.h"
#include "node/lifecycle/environment.h"
#include "node/pod_runtime.h"
#include "runtime/loop.h"

namespace slipway::node {

// What workers share; the agent owns it and outlives them.
struct WorkerTools {
  client::ApiClient& api;
  runtime::Loop& loop;
  PodRuntime& runtime;
  control::DrainGate& drain;
  control::EventRecorder& events;
  lifecycle::Limits limits;
  std::string host_ip;
  std::function<lifecycle::Lookup(const data::Value& pod)> lookup;
  std::function<std::optional<std::string>()> allocate;  // an address
  std::function<void(const std::string& uid)> finished;  // nothing is left of this pod here
};

class PodWorker : public std::enable_shared_from_this<PodWorker> {
 public:
  PodWorker(const WorkerTools& tools, data::Value pod, lifecycle::PodRecord record);

  void update(data::Value pod);  // a newer object
  void gone();                   // the object was deleted: stop at once
  void objects_changed();        // a ConfigMap or Secret that it may name
  void ended(const ContainerState& state);
  void poke();  // step soon

  const data::Value& pod() const { return pod_; }
  const lifecycle::PodRecord& record() const { return record_; }

 private:
  using Clock = lifecycle::Clock;
  Clock clock() const { return {tools_.loop.now(), tools_.loop.mono()}; }
  Sandbox sandbox() const;
  void step();
  void perform(const lifecycle::Action& action);
  void perform_one(const lifecycle::Prepare&);
  void perform_one(const lifecycle::Start& start);
  void perform_one(const lifecycle::Signal& signal);
  void perform_one(const lifecycle::Check& check);
  void perform_one(const lifecycle::PostStart& hook);
  void perform_one(const lifecycle::PreStop& hook);
  void perform_one(const lifecycle::Drain&);
  void perform_one(const lifecycle::Remove&);
  void perform_one(const lifecycle::Finish&);
  void perform_one(const lifecycle::Forget& forget);
  void perform_one(const lifecycle::Tell& tell);

  base::Result<std::vector<Volume>> volumes() const;
  void put_volumes(std::vector<Volume> volumes, std::size_t next);
  void refresh_volumes();
  base::Result<ContainerSpec> container_spec(const lifecycle::Start& start);
  void started(const ContainerKey& key, const Image& image, base::Result<ContainerState> state);
  void find_out(const ContainerKey& key, const Image& image);
  void not_startable(const std::string& container, std::string reason, const std::string& message);
  void run_handler(const ContainerKey& key, const data::Value& handler, base::Duration limit,
                   PodRuntime::Done<CheckResult> done);
  void checked(const lifecycle::Check& check, const CheckResult& result);
  void write_status();
  void written(client::Answer answer);
  void delete_object();
  void later(base::Duration delay, std::function<void()> task);
  void tell(bool warning, const std::string& reason, const std::string& message);
  // A callback that does nothing once the worker is gone, and makes it step afterwards.
  template <class F>
  auto noting(F f) {
    return [weak = weak_from_this(), f = std::move(f)](auto&&... args) mutable {
      if (auto self = weak.lock()) {
        f(*self, std::forward<decltype(args)>(args)...);
        self->poke();
      }
    };
  }

  const WorkerTools& tools_;
  data::Value pod_;
  lifecycle::PodRecord record_;
  std::map<std::string, Volume> shown_;  // volumes as last published
  std::vector<ContainerKey> to_forget_;  // once the status that tells of their end is written
  runtime::Timer wake_;
  std::map<std::uint64_t, runtime::Timer> timers_;
  std::uint64_t timers_set_ = 0;
  bool poked_ = false, writing_ = false, finish_ = false, deleting_ = false;
  data::Value written_status_;
  std::int64_t written_version_ = 0;
};

}  // namespace slipway::node
