from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0012_board_moments")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="Profile",
            name="language",
            field=fields.CharField(null=True, max_length=8),
        ),
        # The stored value does not show who chose English and who got it by default; other languages had no texts. So none
        # of them counts as a choice. These people get English, or the language that their requests prefer.
        ops.RunSQL(
            "UPDATE profile SET language = NULL WHERE language <> 'nl'",
            reverse_sql="UPDATE profile SET language = 'en' WHERE language IS NULL",
        ),
    ]
