"""MONAI's command line in processes of their own: what a user types and what he gets to read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import fire
import monai.bundle
import pytest
import tifffile
import torch
from monai.bundle import ConfigParser
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from scripts.errors import InputError, find_input_error
from scripts.options.arguments import read_arguments
from scripts.options.command_line import check_command_line, refuse_mistakes
from tests.conftest import ROOT

TINY = ["--network_def#channels", "[4,4,8]", "--network_def#blocks", "1", "--device", "cpu"]


def monai_bundle(
    run_id: str, config: str, *options: str, cwd: Path, launcher: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *launcher, "-m", "monai.bundle", "run", run_id, "--config_file", config, *options]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, env=environment)


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The one line in which a refused run ends."""
    assert result.returncode == 1
    assert "Traceback" not in result.stderr + result.stdout
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    return last


def test_inference_from_another_working_directory(phantom: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tiff,) = (phantom / "volumes").glob("*.tif")
    result = monai_bundle(
        "run",
        str(ROOT / "configs" / "inference.yaml"),
        *("--bundle_root", str(ROOT), "--checkpoint", str(tiny_checkpoint), "--input", str(tiff), *TINY),
        *("--output_dir", "stained", "--output_format", "tif"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    (stain,) = (tmp_path / "stained").glob("*_stain.tif")
    assert tifffile.imread(stain).shape == (*tifffile.imread(tiff).shape, 3)
    assert "staining: 100%" in result.stderr  # the progress bar


def test_a_mistake_found_by_the_engine_ends_in_one_sentence(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "datalist.json").write_text('{"training": [], "validation": [], "test": []}')
    result = monai_bundle(
        "evaluating",
        "configs/evaluate.yaml",
        *("--dataset_dir", str(tmp_path), "--output_dir", str(tmp_path / "out"), "--checkpoint", str(tiny_checkpoint)),
        *TINY,
        cwd=ROOT,
    )
    assert "datalist.json" in sentence(result)


def test_nothing_can_be_run_past_the_checks(tmp_path: Path) -> None:
    words = ["run", "bundle_root", "a", "b", "--config_file", str(ROOT / "configs" / "train.yaml")]
    ran = subprocess.run([sys.executable, "-m", "monai.bundle", *words], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("error: The word 'a' is no option's value")


class TestOptions:
    """Which options there are, without a process."""

    def test_values_that_MONAI_would_misread(self) -> None:
        words = ["run", "training", "--config_file", str(ROOT / "configs" / "train.yaml")]
        with pytest.raises(InputError, match=r"--loss_weights is 'a #2'.*separator"):
            refuse_mistakes(read_arguments([*words, "--loss_weights", "a #2"]))
        refuse_mistakes(read_arguments([*words, "--dataset_dir", "mice #2"]))
        refuse_mistakes(read_arguments([*words, "--train#trainer#max_epochs", "@train#trainer#max_epochs"]))

    def test_an_argument_that_its_class_has_not(self) -> None:
        words = ["run", "training", "--config_file", str(ROOT / "configs" / "train.yaml")]
        with pytest.raises(InputError, match="no option --loss_weights#pixel: did you mean"):
            refuse_mistakes(read_arguments([*words, "--loss_weights#pixel", "1"]))

    @pytest.mark.parametrize(
        "options",
        [
            ["--dataset_dir", "D", "--train#trainer#max_epochs", "3"],
            ["--logging_file=l.conf", "--output-dir=O", "-seed", "-3"],
            ["--train::trainer::max_epochs", "3"],
            ["--train#dataloader#pin_memory", "true"],  # a further argument of something built
            ["--train#preprocessing#transforms#2#allow_missing_keys", "true"],
        ],
    )
    def test_known(self, options: list[str]) -> None:
        refuse_mistakes(
            read_arguments(["run", "training", "--config_file", str(ROOT / "configs/train.yaml"), *options])
        )

    @pytest.mark.parametrize(
        ("option", "meant"),
        [
            ("output_dri", "--output_dir"),
            ("learning_rat", "--learning_rate"),
            ("trian#trainer#max_epochs", "--train#trainer#max_epochs"),
            ("train#trainer#max_epoch", "--train#trainer#max_epochs"),
            ("network_def#block", "--network_def#blocks"),
        ],
    )
    def test_misspelt(self, option: str, meant: str) -> None:
        arguments = ["--config_file", f"['{ROOT}/configs/train.yaml','{ROOT}/configs/mlflow.yaml']", f"--{option}", "1"]
        with pytest.raises(InputError, match=rf"no option --{option}: did you mean {meant}\?"):
            refuse_mistakes(read_arguments(arguments))

    def test_entries_that_an_overlay_adds(self) -> None:
        files = f"['{ROOT}/configs/train.yaml','{ROOT}/configs/mlflow.yaml']"
        base = len(ConfigParser.load_config_file(str(ROOT / "configs/train.yaml"))["train"]["handlers"])
        refuse_mistakes(read_arguments(["--config_file", files, f"--train#handlers#{base}#experiment_name", "screws"]))
        with pytest.raises(InputError, match="no option"):
            refuse_mistakes(
                read_arguments(["--config_file", files, f"--train#handlers#{base + 1}#experiment_name", "screws"])
            )

    def test_like_nothing(self) -> None:
        with pytest.raises(InputError, match="no option --xyzzy: the config file lists"):
            refuse_mistakes(read_arguments(["--config_file", str(ROOT / "configs/inference.yaml"), "--xyzzy", "1"]))

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["run", "training", "foo"], "word 'foo' is no option's value"),
            (["run", "training", "initialize", "foo"], "word 'foo'"),
            (["run", "train"], "no 'train' that could be run: did you mean run training"),
            (["run", "learning_rate"], "no 'learning_rate' that could be run"),
            (["run", "generators"], "no 'generators' that could be run"),
            (["run", "initialize"], "no 'initialize' that could be run"),
            (["run", "training", "--init_id", "foo"], "--init_id is 'foo', which is no list of steps"),
            (
                ["run", "training", "--tracking", "mlflow", "--run_name", "a"],
                "leave it out, and add configs/mlflow.yaml",
            ),
            (["run", "training", "--seed", "None"], "--seed None changes nothing"),
            (["run", "training", "--config_file"], "twice"),
            (["run", "training", "--loss_weights", "abc"], "group of options.*such as --loss_weights#smooth"),
        ],
    )
    def test_words_that_would_be_left_out(self, words: list[str], why: str) -> None:
        with pytest.raises(InputError, match=why):
            refuse_mistakes(read_arguments([*words, "--config_file", str(ROOT / "configs/train.yaml")]))

    @pytest.mark.parametrize(
        "option",
        ["training", "run", "initialize", "finalize", "imports", "training#1", "initialize#2", "finalize#0"],
    )
    def test_text_in_the_place_of_steps(self, option: str) -> None:
        words = ["run", "training", "--config_file", str(ROOT / "configs/train.yaml")]
        with pytest.raises(InputError, match=f"--{option} stands in the place of steps"):
            refuse_mistakes(read_arguments([*words, f"--{option}", "x"]))
        refuse_mistakes(read_arguments([*words, "--training#2", "$print(1)"]))

    @pytest.mark.parametrize("option", ["train#handlers#9", "stepwise"])
    def test_no_absurd_guess(self, option: str) -> None:
        words = ["run", "training", "--config_file", str(ROOT / "configs/train.yaml")]
        with pytest.raises(InputError, match=f"no option --{option}: the config file lists"):
            refuse_mistakes(read_arguments([*words, f"--{option}", "x"]))

    def test_defaults_may_be_typed(self) -> None:
        words = ["run", "training", "initialize", "finalize", "--lpips_weights", "None", "--ct_percentiles", "[1, 99]"]
        refuse_mistakes(read_arguments([*words, "--config_file", str(ROOT / "configs/train.yaml")]))
        refuse_mistakes(read_arguments(["run", "--config_file", str(ROOT / "configs/train.yaml")]))

    @pytest.mark.parametrize(
        ("entry", "why"),
        [
            ('"outputdir": "x"', "no option --outputdir: did you mean --output_dir"),
            ('"input": 12', "gives input as 12"),
            ('"input": "$x"', r"write \./\$x"),
            ('"init_id": "foo"', "--init_id is 'foo'"),
        ],
    )
    def test_args_file(self, entry: str, why: str, tmp_path: Path) -> None:
        file = tmp_path / "args.json"
        file.write_text(f'{{"config_file": "{ROOT}/configs/inference.yaml", {entry}}}')
        with pytest.raises(InputError, match=why):
            refuse_mistakes(read_arguments(["run", "inference", "--args_file", str(file)]))
        file.write_text(f'{{"config_file": "{ROOT}/configs/inference.yaml", "input": "12", "nan_value": 0}}')
        refuse_mistakes(read_arguments(["run", "inference", "--args_file", str(file), "--output_dir", "1"]))

    def test_left_alone_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["python", "--config_file", str(ROOT / "configs/inference.yaml"), "--xyzzy"])
        check_command_line(lambda paths: pytest.fail("changed"))  # this process is not MONAI's command line


class TestThroughFireAndMONAI:
    """The whole way of an option into a config, in this process."""

    @pytest.fixture
    def run(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        """MONAI's command line."""
        main = types.ModuleType("__main__")
        main.__spec__ = ModuleSpec("monai.bundle.__main__", None)
        monkeypatch.setitem(sys.modules, "__main__", main)
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
        monkeypatch.setattr(sys, "path", list(sys.path))
        unskipped = "scripts.options.unskipped"  # has a test of its own; without it the steps have to notice
        monkeypatch.setitem(sys.modules, unskipped, types.ModuleType(unskipped))

        def run(*words: str) -> None:
            arguments = ["run", *words, "--logging_file", "False"]
            monkeypatch.setattr(sys, "argv", ["monai.bundle", *arguments])
            fire.Fire({"run": monai.bundle.run}, command=arguments)

        return run

    def test_nothing_can_be_run_past_the_checks(
        self, run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In the bundle's folder; another test does so elsewhere, in a process of its own."""
        monkeypatch.chdir(ROOT)
        monkeypatch.delitem(sys.modules, "scripts.options.unskipped")
        with pytest.raises(SystemExit, match=r"^error: The word 'a' is no option's value"):
            run("bundle_root", "a", "b", "--config_file", "configs/train.yaml")

    @pytest.mark.parametrize(
        ("config_file", "said"),
        [
            ("configs/train.yaml", ["nowhere", "python -m bundle phantom"]),
            ("['configs/train.yaml','configs/multi_gpu_train.yaml']", ["torchrun --nproc_per_node"]),
        ],
    )
    def test_a_mistake_ends_in_one_sentence(
        self,
        config_file: str,
        said: list[str],
        run: Callable[..., None],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(ROOT)
        folders = ["--dataset_dir", str(tmp_path / "nowhere"), "--output_dir", str(tmp_path / "out")]
        with pytest.raises(RuntimeError) as ended:
            run("training", "--config_file", config_file, *folders)
        sys.excepthook(ended.type, ended.value, ended.tb)  # as Python does of what nobody caught
        written = capsys.readouterr()
        assert "Traceback" not in written.err + written.out
        last = written.err.strip().splitlines()[-1]
        assert last.startswith("error: ")
        assert all(words in last for words in said)

    @pytest.mark.parametrize(
        "text", ["2024_05_17", "0012", "1e3", "True", "None", "a,b", "[a,b]", "(x)", "-1", "mice #2", "a@b $c %d"]
    )
    def test_a_path_arrives_as_it_was_typed(
        self, text: str, run: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        step = {"_target_": "scripts.options.command_line.check_command_line", "let": "$__local_refs.update"}
        steps = [step, "$print('<' + @used['place'] + '>', '<' + @input + '>')"]
        config = tmp_path / "config.json"
        config.write_text(
            json.dumps({"input": "$'default'", "used": {"place": "@input"}, "initialize": [step], "run": steps})
        )
        run("--config_file", str(config), "--input", text)
        assert f"<{text}> <{text}>" in capsys.readouterr().out

    @pytest.mark.parametrize("workflow", [("training", "train"), ("evaluating", "evaluate"), ("inference",) * 2])
    @pytest.mark.parametrize("option", ["output_dir", "bundle_root"])
    def test_nothing_typed_as_a_path_is_run(
        self, option: str, workflow: tuple[str, str], run: Callable[..., None], tmp_path: Path
    ) -> None:
        mark = tmp_path / "mark"
        for text in (
            f"$open('{mark}', 'w')",
            f"\"$open('{mark}', 'w')\"",  # of which Fire takes the quotation marks
            f"{{'_target_': 'os.mkdir', 'path': '{mark}'}}",
        ):
            with pytest.raises((RuntimeError, SystemExit)) as refused:
                run(workflow[0], "--config_file", str(ROOT / f"configs/{workflow[1]}.yaml"), f"--{option}", text)
            reason = find_input_error(refused.value) or refused.value
            assert f"--{option}" in str(reason)
            assert not mark.exists()

    @pytest.mark.parametrize("workflow", [("training", "train"), ("evaluating", "evaluate"), ("inference",) * 2])
    def test_a_stray_word_is_refused_though_it_replaces_initialize(
        self, workflow: tuple[str, str], run: Callable[..., None]
    ) -> None:
        with pytest.raises(RuntimeError) as refused:
            run(workflow[0], "resume", "true", "--config_file", str(ROOT / f"configs/{workflow[1]}.yaml"))
        assert "word 'resume'" in str(find_input_error(refused.value))

    def test_a_part_is_not_run(self, run: Callable[..., None]) -> None:
        with pytest.raises(RuntimeError) as refused:
            run("train", "stray", "--config_file", str(ROOT / "configs/train.yaml"))
        assert "word 'stray'" in str(find_input_error(refused.value))

    @pytest.mark.parametrize("part", [("seed", "train"), ("split", "evaluate"), ("axis", "inference")])
    def test_a_stray_word_is_refused_though_nothing_runs(self, part: tuple[str, str], run: Callable[..., None]) -> None:
        with pytest.raises(RuntimeError) as refused:
            run(part[0], "stray", "--config_file", str(ROOT / f"configs/{part[1]}.yaml"))
        assert "word 'stray'" in str(find_input_error(refused.value))

    def test_a_misspelt_option_is_refused(self, run: Callable[..., None]) -> None:
        with pytest.raises(RuntimeError) as refused:
            run("training", "--config_file", str(ROOT / "configs/train.yaml"), "--max_epochs", "2")
        reason = "There is no option --max_epochs: did you mean --train#trainer#max_epochs?"
        assert str(find_input_error(refused.value)) == reason

    def test_no_bundle_there(self, run: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", [folder for folder in sys.path if Path(folder or ".").resolve() != ROOT])
        with pytest.raises(SystemExit, match=r"error: There is no bundle in --bundle_root .*give the folder"):
            run("inference", "--config_file", str(ROOT / "configs/inference.yaml"), "--bundle_root", str(tmp_path))


def test_two_processes_train_one_model(phantom: Path, tmp_path: Path) -> None:
    result = monai_bundle(
        "training",
        "['configs/train.yaml','configs/multi_gpu_train.yaml']",
        *("--dataset_dir", str(phantom), "--output_dir", str(tmp_path), *TINY),
        *("--stain_to_ct#network#channels", "[4,4,8]", "--stain_to_ct#network#blocks", "1", "--patch_size", "64"),
        *("--stain_discriminator#channels", "4", "--ct_discriminator#channels", "4", "--batch_size", "1"),
        *("--iterations_per_epoch", "2", "--train#trainer#max_epochs", "2", "--val_interval", "1"),
        cwd=ROOT,
        launcher=("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"),
    )
    assert result.returncode == 0, result.stderr
    checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert checkpoint["trainer"]["iteration"] == 4
    assert (tmp_path / "model.pt").is_file()
    assert (tmp_path / "history.csv").is_file()
    assert result.stderr.count("training: 100%") >= 1
    written = [EventAccumulator(str(file)).Reload().Tags()["scalars"] for file in (tmp_path / "tensorboard").iterdir()]
    assert sum(bool(scalars) for scalars in written) == 1  # one log of two processes
