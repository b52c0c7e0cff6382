from paretoformer.store import ArtifactRow, Store, StudyRow


def test_an_artifact_is_listed_as_it_was_added(store: Store, study: StudyRow) -> None:
    added = store.artifacts.add(study.id, kind="onnx", file="out/model.onnx", sha256="ab")
    assert store.artifacts.all(study.id) == [added]
    assert added == ArtifactRow(
        id=added.id,
        study=study.id,
        trial=None,
        kind="onnx",
        file="out/model.onnx",
        sha256="ab",
        verified=False,
        created=1_000.1,
    )


def test_artifacts_are_found_by_trial_and_kind(store: Store, study: StudyRow) -> None:
    trial = store.trials.reserve(study.id, "w")
    assert trial
    for kind, file in (("checkpoint", "1"), ("onnx", "2"), ("checkpoint", "3")):
        store.artifacts.add(study.id, kind=kind, file=file, sha256="ab", trial=trial.id)
    store.artifacts.add(study.id, kind="checkpoint", file="4", sha256="ab")
    found = store.artifacts.all(study.id, trial=trial.id, kind="checkpoint")
    assert [artifact.file for artifact in found] == ["1", "3"]
    assert store.artifacts.newest(study.id, trial=trial.id, kind="checkpoint") == found[-1]


def test_nothing_made_is_nothing_newest(store: Store, study: StudyRow) -> None:
    assert store.artifacts.newest(study.id, kind="onnx") is None


def test_an_artifact_is_verified_where_its_proof_has_passed(store: Store, study: StudyRow) -> None:
    store.artifacts.add(study.id, kind="onnx", file="1", sha256="ab", verified=True)
    store.artifacts.add(study.id, kind="onnx", file="2", sha256="ab")
    assert [artifact.verified for artifact in store.artifacts.all(study.id)] == [True, False]
