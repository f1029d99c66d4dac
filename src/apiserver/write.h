// The stages of one write: decode, admit, prepare, default, validate, check preconditions, track ownership, store.
// Control loop only.
//
// A Writer lives for one request. The chain is synchronous over the store's head, so nothing comes between reading an
// object and writing it back: a patch without resourceVersion can never lose a race, and needs no retry.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apiserver/admission.h"
#include "apiserver/body.h"
#include "apiserver/commit.h"
#include "apiserver/core.h"
#include "apiserver/deletion.h"

namespace slipway::apiserver {

// How an object is being changed.
struct Edit {
  std::string subresource = {};  // "status": only the status is taken; others: the main object, owned under that name
  bool applied = false;          // by server-side apply: managedFields are in the object already
};

class Writer {
 public:
  Writer(Core& core, const ApiRequest& request, KindPtr kind, std::shared_ptr<Commit> commit);

  // The whole request, by its verb, on the object itself or its status.
  base::Result<Response> run();

  // Building blocks, also for other subresources.
  base::Result<store::EntryPtr> target() const;  // NotFound when absent
  base::Result<Document> document() const;
  // Puts `next` in the place of `entry`; the result is the object as clients see it. Changes nothing when nothing
  // differs.
  base::Result<data::Value> replace(const store::EntryPtr& entry, data::Value next, const Edit& edit);
  // The same for changes that only the server itself makes (a pod's node): no rule about what may change is asked.
  base::Result<data::Value> overwrite(const store::EntryPtr& entry, data::Value next, const Edit& edit);
  // The DELETE verb on one object. The object as it was, or as it now waits; `gone` says which.
  base::Result<data::Value> remove(const store::EntryPtr& entry, const DeleteOptions& options, bool& gone);
  std::string manager() const;
  const KindPtr& kind() const { return kind_; }
  const store::Snapshot& head() const { return *head_; }

 private:
  base::Result<Response> create();
  base::Result<Response> update();
  base::Result<Response> patch();
  base::Result<Response> apply();
  base::Result<Response> erase();
  base::Result<Response> erase_collection();

  base::Result<data::Value> incoming(const Document& document);
  base::Result<data::Value> insert(data::Value object, bool applied);
  base::Result<data::Value> patched(const data::Value& current, const Document& patch);
  base::Result<void> check_type(data::Value& object) const;
  base::Result<void> check_place(data::Value& object) const;
  base::Result<void> check_version(const store::EntryPtr& entry, const data::Value& next) const;
  base::Result<void> set_name(data::Value& object);
  base::Result<data::Value> store_new(data::Value object);
  base::Result<data::Value> store_over(const store::EntryPtr& entry, data::Value object);
  base::Result<void> store_gone(const store::EntryPtr& entry);
  base::Result<data::Value> tracked(const data::Value& old, data::Value object, const Edit& edit) const;
  Surroundings surroundings();
  Response answer(data::Value object, int status = 200);
  bool dry_run() const { return request_.options.dry_run; }
  store::Key key_of(std::string_view name) const;

  Core& core_;
  const ApiRequest& request_;
  KindPtr kind_;
  std::shared_ptr<Commit> commit_;
  store::SnapshotPtr head_;
  std::shared_ptr<const api::Scheme> scheme_;
  std::shared_ptr<const Policy> policy_;
  base::Time now_;
  std::vector<std::string> warnings_;
};

}  // namespace slipway::apiserver
