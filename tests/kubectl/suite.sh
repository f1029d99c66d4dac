#!/bin/bash
# Drives a real kubectl through everyday commands against the API server that $KUBECONFIG names.
# Each check prints "ok - NAME" or "not ok - NAME" with what was seen. Needs: KUBECTL, KUBECONFIG, WORK (an empty folder), and
# an API server without controllers; what controllers would write is patched in here.
set -u
export HOME=$WORK KUBECACHEDIR=$WORK/cache
cd "$WORK" || exit 2
k() { timeout 60 "$KUBECTL" "$@" 2>&1; }
seen=

# check NAME PATTERN COMMAND...: the command succeeds and its output matches the extended regular expression
check() {
  local name=$1 pattern=$2; shift 2
  seen=$("$@" 2>&1); local code=$?
  if [ $code -eq 0 ] && grep -qE -- "$pattern" <<<"$seen"; then echo "ok - $name"
  else echo "not ok - $name (exit $code, wanted /$pattern/): $(head -c 600 <<<"$seen" | tr '\n' '|')"; fi
}
# refused NAME PATTERN COMMAND...: the command fails and says so
refused() {
  local name=$1 pattern=$2; shift 2
  seen=$("$@" 2>&1); local code=$?
  if [ $code -ne 0 ] && grep -qE -- "$pattern" <<<"$seen"; then echo "ok - $name"
  else echo "not ok - $name (exit $code, wanted a failure with /$pattern/): $(head -c 600 <<<"$seen" | tr '\n' '|')"; fi
}
# Patches the status that a Deployment controller would write for the present generation.
roll_out() {
  local generation replicas
  generation=$(k get deploy "$1" -o 'jsonpath={.metadata.generation}'); replicas=$(k get deploy "$1" -o 'jsonpath={.spec.replicas}')
  k patch deploy "$1" --subresource=status --type=merge -p "{\"status\":{\"observedGeneration\":$generation,\"replicas\":$replicas,
    \"updatedReplicas\":$replicas,\"readyReplicas\":$replicas,\"availableReplicas\":$replicas,
    \"conditions\":[{\"type\":\"Available\",\"status\":\"True\",\"reason\":\"MinimumReplicasAvailable\"}]}}" >/dev/null
}

cat >web.yaml <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {deployment.kubernetes.io/revision: "1"}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "app:1", ports: [{containerPort: 8080}], env: [{name: A, value: "1"}]}
      - {name: side, image: "side:1"}
Y
cat >map.yaml <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {color: red}
Y
cat >pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: one, labels: {app: one}}
spec: {nodeName: n1, terminationGracePeriodSeconds: 1, containers: [{name: main, image: "app:1"}]}
Y

# --- the API itself
check version 'Server Version: .*v1\.33' k version
check api-versions '^apps/v1$' k api-versions
check api-resources 'deployments +deploy +apps/v1 +true +Deployment' k api-resources
check api-resources-wide 'create,delete,deletecollection,get,list,patch,update,watch' k api-resources --api-group=apps -o wide
check explain 'FIELD' k explain deployment.spec
check explain-leaf 'replicas' k explain deployment.spec.replicas
check explain-recursive 'containerPort' k explain deployment --recursive
check raw-readyz '^ok$' k get --raw /readyz
check raw-openapi 'components' k get --raw /openapi/v3/apis/apps/v1
check can-i '^yes' k auth can-i create deployments
check can-i-list 'nonResource|Non-Resource' k auth can-i --list
# kubectl 1.27 knows only the beta of this API, which no server of 1.33 offers
case $(k version --client -o json) in *'"minor": "27"'*) ;; *) check whoami 'admin' k auth whoami ;; esac
refused unknown-resource "doesn't have a resource type" k get frobnicators
check namespaces 'kube-system +Active' k get ns

# --- create and read
check create-f 'deployment.apps/web created' k create -f web.yaml
refused create-again 'AlreadyExists|already exists' k create -f web.yaml
check get '^web +0/2 +0 +0 +[0-9]+s' k get deploy
check get-wide 'CONTAINERS.*IMAGES.*SELECTOR' k get deploy web -o wide
check get-yaml '^kind: Deployment' k get deploy web -o yaml
check get-json '"kind": "Deployment"' k get deploy web -o json
check get-name '^deployment.apps/web$' k get deploy -o name
check get-jsonpath '^app:1$' k get deploy web -o 'jsonpath={.spec.template.spec.containers[0].image}{"\n"}'
check get-columns '^web +2' k get deploy -o 'custom-columns=N:.metadata.name,R:.spec.replicas' --no-headers
check get-go-template '^2$' k get deploy web -o 'go-template={{.spec.replicas}}{{"\n"}}'
check get-all-namespaces '^default +web' k get deploy -A
check get-all 'deployment.apps/web' k get all
check get-labels 'app=web' k get deploy --show-labels
check get-selector '^web' k get deploy -l app=web
check get-selector-none 'No resources found' k get deploy -l app=other
check get-field-selector '^web' k get deploy --field-selector metadata.name=web
check get-sorted 'web' k get deploy --sort-by=.metadata.name
refused get-missing '\(NotFound\): deployments.apps "nope" not found' k get deploy nope
check describe 'Replicas: +2 desired' k describe deploy web
check managed-fields 'kubectl-create' k get deploy web -o yaml --show-managed-fields
check create-strict 'unknown field \"spec.repliccas\"' bash -c "sed 's/replicas:/repliccas:/;s/name: web,/name: bad,/' web.yaml | timeout 60 '$KUBECTL' create -f - 2>&1 || true"
refused create-invalid 'spec.replicas: Invalid value' bash -c "sed 's/replicas: 2/replicas: -2/;s/name: web,/name: bad,/' web.yaml | timeout 60 '$KUBECTL' create -f -"

# --- typed creation (protobuf bodies from 1.32 on)
check create-ns 'namespace/shop created' k create ns shop
check create-deployment 'deployment.apps/typed created' k create deployment typed --image=app:1 --replicas=3 --port=80
check typed-replicas '^3 app:1 80$' k get deploy typed -o 'jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].ports[0].containerPort}{"\n"}'
check create-configmap 'configmap/cm created' k create configmap cm --from-literal=a=1 --from-literal=b=two
check typed-configmap '^1 two$' k get cm cm -o 'jsonpath={.data.a} {.data.b}{"\n"}'
check create-secret 'secret/sec created' k create secret generic sec --from-literal=password=hunter2
check typed-secret '^aHVudGVyMg==$' k get secret sec -o 'jsonpath={.data.password}{"\n"}'
check create-sa 'serviceaccount/robot created' k create sa robot
check create-role 'role.rbac.authorization.k8s.io/reader created' k create role reader --verb=get,list --resource=pods
check create-rolebinding 'rolebinding.rbac.authorization.k8s.io/reader created' k create rolebinding reader --role=reader --user=jane
check can-i-as-bound 'reader' k get rolebinding reader -o wide
check create-service 'service/typed created' k create service clusterip typed --tcp=80:8080
check expose 'service/web exposed' k expose deploy web --port=80 --target-port=8080
check service-address '^10\.96\.[0-9]+\.[0-9]+$' k get svc web -o 'jsonpath={.spec.clusterIP}{"\n"}'
check run 'pod/runner created' k run runner --image=app:1
check dry-run-server 'created \(server dry run\)' k create deployment ghost --image=a --dry-run=server
refused dry-run-stored-nothing 'NotFound' k get deploy ghost

# --- change
check label 'labeled' k label deploy web tier=front
check annotate 'annotate' k annotate deploy web note=hello
check label-remove 'unlabeled|labeled' k label deploy web tier-
refused label-taken 'already has a value' bash -c "'$KUBECTL' label deploy web app=other"
check scale 'scaled' k scale deploy web --replicas=3
check scale-current 'scaled' k scale deploy web --current-replicas=3 --replicas=2
refused scale-wrong-current 'Expected replicas to be 9, was 2|expected replicas' k scale deploy web --current-replicas=9 --replicas=1
check set-image 'image updated' k set image deploy/web main=app:2
check set-image-kept-other '^app:2 side:1$' k get deploy web -o 'jsonpath={.spec.template.spec.containers[*].image}{"\n"}'
check set-env 'env updated' k set env deploy/web -c main B=2
check set-env-list 'B=2' k set env deploy/web --list
check set-resources 'resource requirements updated' k set resources deploy/web -c main --limits=cpu=500m,memory=64Mi
check patch-strategic 'patched' k patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:2"}]}}}}'
check patch-merge 'patched' k patch deploy web --type=merge -p '{"spec":{"minReadySeconds":1}}'
check patch-json 'patched' k patch deploy web --type=json -p '[{"op":"replace","path":"/spec/minReadySeconds","value":2}]'
check patched '^app:2 side:2 2$' k get deploy web -o 'jsonpath={.spec.template.spec.containers[*].image} {.spec.minReadySeconds}{"\n"}'
check patch-status 'patched' k patch deploy web --subresource=status --type=merge -p '{"status":{"replicas":2}}'
check patch-no-change 'patched \(no change\)' k patch deploy web --type=merge -p '{"spec":{"minReadySeconds":2}}'
check edit 'edited' env EDITOR="sed -i s/minReadySeconds:.*/minReadySeconds:\ 5/" "$KUBECTL" edit deploy web
check edited '^5$' k get deploy web -o 'jsonpath={.spec.minReadySeconds}{"\n"}'
k get cm cm -o yaml >cm.yaml
check replace 'configmap/cm replaced' bash -c "sed 's/two/three/' cm.yaml | '$KUBECTL' replace -f -"
refused replace-stale 'the object has been modified' k replace -f cm.yaml
check replace-force 'replaced' k replace --force -f map.yaml

# --- apply
check apply-create 'configured|created' k apply -f map.yaml
check apply-unchanged 'unchanged' k apply -f map.yaml
sed -i 's/color: red/color: blue/' map.yaml
check apply-change 'configured' k apply -f map.yaml
check apply-changed '^blue$' k get cm settings -o 'jsonpath={.data.color}{"\n"}'
sed 's/color: blue/shade: dark/' map.yaml >map2.yaml
check apply-three-way 'configured' k apply -f map2.yaml
check apply-pruned '^\{"shade":"dark"\}$' k get cm settings -o 'jsonpath={.data}{"\n"}'
sed 's/image: "app:1"/image: "app:9"/;s/name: web,/name: applied,/' web.yaml >applied.yaml
check apply-deployment 'created' k apply -f applied.yaml
sed -i 's/replicas: 2/replicas: 4/' applied.yaml
check apply-deployment-again 'configured' k apply -f applied.yaml
check diff-none '^$' bash -c "'$KUBECTL' diff -f applied.yaml; echo"
check diff-server-side 'replicas: 7' bash -c "sed 's/replicas: 4/replicas: 7/' applied.yaml | '$KUBECTL' diff --server-side -f - --force-conflicts || [ \$? -eq 1 ]"
sed 's/name: settings/name: ours/' map.yaml >ours.yaml
check ssa-create 'serverside-applied' k apply --server-side --field-manager=one -f ours.yaml
check ssa-unchanged 'serverside-applied' k apply --server-side --field-manager=one -f ours.yaml
sed 's/color: blue/color: green/' ours.yaml >theirs.yaml
refused ssa-conflict 'conflict with "one".*color|conflict.*one' k apply --server-side --field-manager=two -f theirs.yaml
check ssa-force 'serverside-applied' k apply --server-side --field-manager=two --force-conflicts -f theirs.yaml
check ssa-forced '^green$' k get cm ours -o 'jsonpath={.data.color}{"\n"}'
check ssa-owner '"manager": "two"' k get cm ours -o json --show-managed-fields
check ssa-from-csa 'serverside-applied' k apply --server-side --force-conflicts -f applied.yaml
check apply-dry-run 'server dry run' k apply --dry-run=server -f map.yaml

# --- roll-outs (what the client asks; the controllers' part is patched in)
roll_out web
check rollout-status 'successfully rolled out' k rollout status deploy/web --timeout=20s
refused rollout-status-waits 'timed out|error' bash -c "'$KUBECTL' scale deploy web --replicas=4 >/dev/null; '$KUBECTL' rollout status deploy/web --timeout=2s"
cat >rs.yaml <<'Y'
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, labels: {app: web, pod-template-hash: "1"}, annotations: {deployment.kubernetes.io/revision: "1", kubernetes.io/change-cause: first}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web, pod-template-hash: "1"}}
  template:
    metadata: {labels: {app: web, pod-template-hash: "1"}}
    spec: {containers: [{name: main, image: "app:0"}]}
Y
uid=$(k get deploy web -o 'jsonpath={.metadata.uid}')
sed -i "s/metadata: {name: web-1,/metadata: {name: web-1, ownerReferences: [{apiVersion: apps\/v1, kind: Deployment, name: web, uid: $uid, controller: true}],/" rs.yaml
sed '/ownerReferences/s/web-1/web-2/; s/pod-template-hash: "1"/pod-template-hash: "2"/g; s/revision: "1"/revision: "2"/; s/first/second/; s/app:0/app:2/' rs.yaml >rs2.yaml
check replicasets 'replicaset.apps/web-1 created' k create -f rs.yaml
check replicasets-2 'replicaset.apps/web-2 created' k create -f rs2.yaml
check rollout-history 'first' k rollout history deploy/web
check rollout-history-revision 'app:0' k rollout history deploy/web --revision=1
check rollout-undo 'rolled back' k rollout undo deploy/web --to-revision=1
check rollout-undone '^app:0$' k get deploy web -o 'jsonpath={.spec.template.spec.containers[*].image}{"\n"}'
check rollout-pause 'paused' k rollout pause deploy/web
check rollout-paused '^true$' k get deploy web -o 'jsonpath={.spec.paused}{"\n"}'
check rollout-resume 'resumed' k rollout resume deploy/web
check rollout-resumed '^-$' k get deploy web -o 'jsonpath={.spec.paused}-{"\n"}'
check rollout-restart 'restarted' k rollout restart deploy/web
check rollout-restarted '^20' k get deploy web -o 'jsonpath={.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}{"\n"}'

# --- StatefulSets and DaemonSets
cat >db.yaml <<'Y'
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
Y
cat >agent.yaml <<'Y'
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {nodeSelector: {disk: ssd}, containers: [{name: agent, image: "agent:1"}]}
Y
# revision KIND NAME NUMBER IMAGE: the ControllerRevision that a controller would write
revision() {
  cat >revision.yaml <<Y
apiVersion: apps/v1
kind: ControllerRevision
metadata:
  name: $2-$3
  labels: {app: $2, controller-revision-hash: "$3"}
  annotations: {kubernetes.io/change-cause: "cause $3"}
  ownerReferences: [{apiVersion: apps/v1, kind: $1, name: $2, uid: $(k get "$1" "$2" -o 'jsonpath={.metadata.uid}'), controller: true}]
revision: $3
data: {spec: {template: {\$patch: replace, metadata: {labels: {app: $2}}, spec: {containers: [{name: $2, image: "$4"}]}}}}
Y
  k create -f revision.yaml
}
cat >claim.yaml <<'Y'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
Y
check pvc-create 'persistentvolumeclaim/data created' k create -f claim.yaml
check pvc-get '^data +Pending' k get pvc
k patch pvc data --type=merge -p '{"spec":{"volumeName":"pvc-1"}}' >/dev/null
k patch pvc data --subresource=status --type=merge -p '{"status":{"phase":"Bound","accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"}}}' >/dev/null
check pvc-bound '^data +Bound +pvc-1 +1Gi +RWO +' k get pvc data
check pvc-describe 'Used By: +<none>' k describe pvc data
refused pvc-fixed 'spec is immutable after creation' k patch pvc data --type=merge -p '{"spec":{"accessModes":["ReadWriteMany"]}}'
check pvc-delete 'deleted' k delete pvc data
check sts-create 'statefulset.apps/db created' k create -f db.yaml
check sts-get '^db +0/2 +[0-9]+s' k get sts
check sts-get-wide '^NAME +READY +AGE +CONTAINERS +IMAGES' k get sts db -o wide
check sts-claims '^PersistentVolumeClaim Filesystem Pending$' k get sts db -o 'jsonpath={.spec.volumeClaimTemplates[0].kind} {.spec.volumeClaimTemplates[0].spec.volumeMode} {.spec.volumeClaimTemplates[0].status.phase}{"\n"}'
check sts-describe 'Update Strategy: +RollingUpdate' k describe sts db
check sts-describe-partition 'Partition: +0' k describe sts db
check sts-explain 'partition.*<integer>' k explain sts.spec.updateStrategy.rollingUpdate
check sts-scale 'statefulset.apps/db scaled' k scale sts db --replicas=3 --current-replicas=2
refused sts-fixed 'Forbidden: updates to statefulset spec for fields other than' k patch sts db --type=merge -p '{"spec":{"serviceName":"other"}}'
check sts-partition 'patched' k patch sts db --type=merge -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}'
check sts-set-image 'image updated' k set image sts/db db=db:2
check sts-revision 'created' revision StatefulSet db 1 db:1
check sts-revision-2 'created' revision StatefulSet db 2 db:2
check sts-revisions '^db-1 +statefulset.apps/db +1 ' k get controllerrevisions
generation=$(k get sts db -o 'jsonpath={.metadata.generation}')
k patch sts db --subresource=status --type=merge -p "{\"status\":{\"observedGeneration\":$generation,\"replicas\":3,\"readyReplicas\":3,\"availableReplicas\":3,
  \"currentReplicas\":2,\"updatedReplicas\":1,\"currentRevision\":\"db-1\",\"updateRevision\":\"db-2\"}}" >/dev/null
check sts-rollout-status 'partitioned roll out complete: 1 new pods have been updated' k rollout status sts/db --timeout=20s
check sts-rollout-history 'cause 1' k rollout history sts/db
check sts-rollout-history-revision 'Image:.*db:1' k rollout history sts/db --revision=1
check sts-rollout-undo 'rolled back' k rollout undo sts/db --to-revision=1
check sts-rollout-undone '^db:1-$' k get sts db -o 'jsonpath={.spec.template.spec.containers[0].image}-{.spec.template.spec.containers[0].volumeMounts}{"\n"}'
check sts-rollout-restart 'restarted' k rollout restart sts/db
check sts-delete 'deleted' k delete sts db
check ds-create 'daemonset.apps/agent created' k create -f agent.yaml
check ds-get '^agent +0 +0 +0 +0 +0 +disk=ssd +[0-9]+s' k get ds
check ds-get-wide '^NAME +DESIRED +CURRENT +READY +UP-TO-DATE +AVAILABLE +NODE SELECTOR +AGE +CONTAINERS +IMAGES +SELECTOR' k get ds agent -o wide
check ds-describe 'Desired Number of Nodes Scheduled: +0' k describe ds agent
check ds-set-image 'image updated' k set image ds/agent agent=agent:2
check ds-revision 'created' revision DaemonSet agent 1 agent:1
check ds-revision-2 'created' revision DaemonSet agent 2 agent:2
generation=$(k get ds agent -o 'jsonpath={.metadata.generation}')
k patch ds agent --subresource=status --type=merge -p "{\"status\":{\"observedGeneration\":$generation,\"desiredNumberScheduled\":2,\"currentNumberScheduled\":2,
  \"updatedNumberScheduled\":2,\"numberReady\":2,\"numberAvailable\":2}}" >/dev/null
check ds-rollout-status 'successfully rolled out' k rollout status ds/agent --timeout=20s
check ds-rollout-history 'cause 2' k rollout history ds/agent
check ds-rollout-undo 'rolled back' k rollout undo ds/agent
check ds-rollout-undone '^agent:1$' k get ds agent -o 'jsonpath={.spec.template.spec.containers[0].image}{"\n"}'
check ds-delete 'deleted' k delete ds agent

# --- waiting and watching
roll_out web
check wait-condition 'condition met' k wait --for=condition=Available deploy/web --timeout=20s
check wait-jsonpath 'condition met' k wait --for=jsonpath='{.spec.replicas}'=4 deploy/web --timeout=20s
(sleep 1; k patch deploy applied --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Progressing","status":"True"}]}}' >/dev/null) &
check wait-for-change 'condition met' k wait --for=condition=Progressing deploy/applied --timeout=20s
wait
(timeout 6 "$KUBECTL" get cm -w >watched 2>&1) & sleep 3
k create cm seen --from-literal=a=1 >/dev/null; k delete cm seen >/dev/null; wait
check get-w 'seen' cat watched
check events 'No events|LAST SEEN|No resources' k events

# --- pods and nodes
cat >node.yaml <<'Y'
apiVersion: v1
kind: Node
metadata: {name: n1}
Y
check node-create 'node/n1 created' k create -f node.yaml
check node-describe 'Name: +n1' k describe node n1
check cordon 'cordoned' k cordon n1
check cordoned 'SchedulingDisabled' k get nodes
check uncordon 'uncordoned' k uncordon n1
check pod-create 'pod/one created' k create -f pod.yaml
check pod-describe 'Node: +n1' k describe pod one
check logs '^line 3 of main$' k logs one
check logs-tail '^line 3 of main$' bash -c "'$KUBECTL' logs one --tail=1; [ \$('$KUBECTL' logs one --tail=1 | wc -l) = 1 ]"
check logs-follow '^line 3 of main$' k logs -f one
refused logs-wrong-container 'container other is not valid for pod one' k logs one -c other
k patch pod one --subresource=status --type=merge -p '{"status":{"phase":"Succeeded"}}' >/dev/null
check drain 'drained' k drain n1 --force --timeout=30s
refused drained 'NotFound' k get pod one
check uncordon-again 'uncordoned' k uncordon n1

# --- delete
check delete 'configmap "cm" deleted' k delete cm cm
refused deleted 'NotFound' k get cm cm
check delete-ignore '^$|not found' k delete cm cm --ignore-not-found
check delete-selector 'deleted' k delete cm -l app=web
check delete-orphan 'deleted' timeout 20 "$KUBECTL" delete deploy typed --cascade=orphan --wait=false
check orphan-finalizer '^\["orphan"\]$' k get deploy typed -o 'jsonpath={.metadata.finalizers}{"\n"}'
check release-finalizer 'patched' k patch deploy typed --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'
check delete-foreground 'deleted' k delete deploy applied --cascade=foreground --wait=false
check foreground-finalizer '^\["foregroundDeletion"\]$' k get deploy applied -o 'jsonpath={.metadata.finalizers}{"\n"}'
k patch deploy applied --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null
refused foreground-gone 'NotFound' k get deploy applied
check pod-create 'pod/one created' k create -f pod.yaml
check pod-delete-waits 'deleted' k delete pod one --wait=false
check pod-terminating 'Terminating' k get pod one
check pod-force 'force deleted|deleted' k delete pod one --grace-period=0 --force
refused pod-gone 'NotFound' k get pod one
check delete-ns 'deleted' k delete ns shop --wait=false
check ns-terminating 'Terminating' k get ns shop
refused ns-refuses 'is being terminated' k create cm x -n shop --from-literal=a=1
refused ns-default 'forbidden' k delete ns default

# --- custom resources
cat >crd.yaml <<'Y'
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, minimum: 1, description: "How big it is."}}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
Y
cat >widget.yaml <<'Y'
apiVersion: example.com/v1
kind: Widget
metadata: {name: w1}
spec: {size: 3}
Y
check crd-apply 'created' k apply -f crd.yaml
check crd-wait 'condition met' k wait --for=condition=Established crd/widgets.example.com --timeout=20s
check cr-apply 'created' k apply -f widget.yaml
check cr-get '^w1 +3' k get wd --no-headers
check cr-explain 'How big it is' k explain widget.spec.size
sed -i 's/size: 3/size: 4/' widget.yaml
check cr-apply-again 'configured' k apply -f widget.yaml
refused cr-invalid 'spec.size' bash -c "sed 's/size: 4/size: 0/' widget.yaml | '$KUBECTL' apply -f -"
refused cr-strict 'unknown field' bash -c "sed 's/size: 4/sise: 4/;s/w1/w2/' widget.yaml | '$KUBECTL' create -f -"
check cr-patch 'patched' k patch widget w1 --type=merge -p '{"spec":{"size":6}}'
check cr-ssa 'serverside-applied' k apply --server-side --force-conflicts -f widget.yaml
check crd-delete 'deleted' k delete crd widgets.example.com --timeout=30s
refused cr-gone "doesn't have a resource type|NotFound|could not find" k get widgets
