"""Reads what winnow wrote with a tracker's own programs, and prints it as JSON:

    read_back.py tensorboard LOGDIR | wandb FOLDER | mlflow URI EXPERIMENT

{run: {"scalars": {key: [[step, value, time], ...]}, "words": {key: text}, "texts": {key: text},
"images": {key: [width, height]}, "files": {name: size}, "status": text, "parent": name}}
Numbers that JSON has no words for are "nan", "inf" and "-inf".
"""

import json
import math
import os
import sys


def plain(number):
    return number if math.isfinite(number) else str(number)


def empty():
    return {"scalars": {}, "words": {}, "texts": {}, "images": {}, "files": {}, "status": "", "parent": ""}


def tensorboard(logdir):
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    everything = {
        event_accumulator.SCALARS: 0,
        event_accumulator.TENSORS: 0,
        event_accumulator.IMAGES: 0,
    }
    result = {}
    for folder, _, files in os.walk(logdir):
        if not any("tfevents" in file for file in files):
            continue
        events = event_accumulator.EventAccumulator(folder, size_guidance=everything)
        events.Reload()
        name = os.path.relpath(folder, logdir)
        run = result[name] = empty()
        for tag in events.Tags()["scalars"]:
            run["scalars"][tag] = [[e.step, plain(e.value), e.wall_time] for e in events.Scalars(tag)]
        for tag in events.Tags()["images"]:
            image = events.Images(tag)[-1]
            run["images"][tag] = [image.width, image.height]
        for tag in events.Tags()["tensors"]:
            plugin = events.SummaryMetadata(tag).plugin_data
            if plugin.plugin_name == "text":
                run["texts"][tag] = events.Tensors(tag)[-1].tensor_proto.string_val[0].decode()
            if plugin.plugin_name != "hparams":
                continue
            data = plugin_data_pb2.HParamsPluginData.FromString(plugin.content)
            for key, value in data.session_start_info.hparams.items():
                run["words"][key] = getattr(value, value.WhichOneof("kind"))
            if data.HasField("session_end_info"):
                run["status"] = str(data.session_end_info.status)
    return result


def wandb(folder):
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal import datastore

    result = {}
    for name in sorted(os.listdir(folder)):
        log = datastore.DataStore()
        run_id = name.rsplit("-", 1)[1]
        log.open_for_scan(os.path.join(folder, name, f"run-{run_id}.wandb"))
        run = empty()
        display, numbers = "", []
        while (data := log.scan_data()) is not None:
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            numbers.append(record.num)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                display = record.run.display_name
                run["parent"] = record.run.run_group
                assert record.run.run_id == run_id
            elif kind == "history":
                row = {item.key: json.loads(item.value_json) for item in record.history.item}
                assert row.pop("_step") == record.history.step.num
                row.pop("_runtime")
                step, time = row.pop("step"), row.pop("_timestamp")
                for key, value in row.items():
                    run["scalars"].setdefault(key, []).append([step, plain(value), time])
            elif kind == "config":
                for item in record.config.update:
                    run["words"][item.key] = json.loads(item.value_json)
            elif kind == "files":
                for file in record.files.files:
                    path = os.path.join(folder, name, "files", file.path)
                    run["files"][file.path] = os.path.getsize(path)
            elif kind == "exit":
                run["status"] = str(record.exit.exit_code)
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        result[display] = run
    return result


def mlflow(uri, experiment_name):
    os.environ["MLFLOW_TRACKING_URI"] = uri
    import mlflow

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(experiment_name)
    result, names = {}, {}
    found = client.search_runs([experiment.experiment_id])
    for entry in found:
        names[entry.info.run_id] = entry.info.run_name
    for entry in found:
        run = result[entry.info.run_name] = empty()
        run["status"] = entry.info.status
        run["parent"] = names.get(entry.data.tags.get("mlflow.parentRunId"), "")
        run["words"] = dict(entry.data.params)
        run["words"].update({"tag:" + key: value for key, value in entry.data.tags.items()})
        for key in entry.data.metrics:
            history = client.get_metric_history(entry.info.run_id, key)
            run["scalars"][key] = [[m.step, plain(m.value), m.timestamp / 1000] for m in history]
        waiting = [""]
        while waiting:
            for file in client.list_artifacts(entry.info.run_id, waiting.pop() or None):
                if file.is_dir:
                    waiting.append(file.path)
                else:
                    run["files"][file.path] = file.file_size
    return result


print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
